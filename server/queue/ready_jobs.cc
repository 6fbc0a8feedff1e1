#include "server/queue/ready_jobs.h"

#include <algorithm>
#include <utility>

namespace leasehold::queue {

void ReadyJobs::Serve(const std::vector<std::string>& flags,
                      const std::vector<std::string>& tasks) {
  auto& view = views_[flags];
  if (view == nullptr) view = std::make_unique<ReadyView>(options_, flags, busy_, reads_);
  for (const std::string& task : tasks) view->Serve(task);
}

void ReadyJobs::Unserve(const std::vector<std::string>& flags,
                        const std::vector<std::string>& tasks, absl::Time now) {
  const auto found = views_.find(flags);
  for (const std::string& task : tasks) found->second->Unserve(task, now);
  if (!found->second->serves_any()) views_.erase(found);
}

void ReadyJobs::Offer(const RankedJob& job, absl::Time now) {
  for (const auto& [flags, view] : views_) {
    view->Offer(job);
    if (job.queue_name.has_value()) view->Reconsider(*job.queue_name, now);
  }
}

void ReadyJobs::Remove(JobId job, absl::Time now) {
  for (const auto& [flags, view] : views_) {
    const std::string queue = view->QueueOf(job);
    view->Remove(job);
    if (!queue.empty()) view->Reconsider(queue, now);
  }
}

bool ReadyJobs::Knows(const RankedJob& job) const {
  return std::any_of(views_.begin(), views_.end(),
                     [&job](const auto& entry) { return entry.second->KnowsExactly(job); });
}

bool ReadyJobs::ShouldKnow(const RankedJob& job) const {
  return std::any_of(views_.begin(), views_.end(),
                     [&job](const auto& entry) { return entry.second->ShouldKnow(job); });
}

std::optional<RankedJob> ReadyJobs::Take(const std::vector<std::string>& flags,
                                         const std::vector<std::string>& tasks, absl::Time now) {
  const RankedJob* first = views_.at(flags)->First(tasks, now);
  if (first == nullptr) return std::nullopt;
  const RankedJob job = *first;
  Hold(job);
  NoteLease(job);
  for (const auto& [other_flags, view] : views_) view->Remove(job.id);
  return job;
}

void ReadyJobs::NoteLease(const RankedJob& job) {
  const Rank rank = job.rank();
  Rank& last = last_leased_[job.task].try_emplace(job.priority, rank).first->second;
  if (last < rank) last = rank;
}

bool ReadyJobs::LeasedBehind(const ReadyWindow& window) const {
  const auto task = last_leased_.find(window.task());
  if (task == last_leased_.end()) return false;
  const auto last = task->second.find(window.priority());
  return last != task->second.end() && window.KnownUpTo() < last->second;
}

const ReadyWindow* ReadyJobs::WindowToLease(const std::vector<std::string>& flags,
                                            const std::vector<std::string>& tasks, absl::Time now) {
  ReadyView& view = *views_.at(flags);
  const ReadyWindow* window = view.WindowToLease(tasks, now);
  if (window == nullptr) return nullptr;
  const bool shared = std::any_of(views_.begin(), views_.end(), [&](const auto& entry) {
    return entry.second.get() != &view && entry.second->serves(window->task());
  });
  if (!shared && !LeasedBehind(*window)) return window;
  view.WantRead(window->task(), window->priority());
  return nullptr;
}

bool ReadyJobs::NothingDue(const std::vector<std::string>& flags,
                           const std::vector<std::string>& tasks, absl::Time now) const {
  return views_.at(flags)->NothingDue(tasks, now);
}

void ReadyJobs::Hold(const RankedJob& job) {
  if (job.queue_name.has_value()) busy_.Hold(*job.queue_name);
}

void ReadyJobs::Release(const RankedJob& job, absl::Time now) {
  if (!job.queue_name.has_value() || !busy_.Release(*job.queue_name)) return;
  for (const auto& [flags, view] : views_) view->Reconsider(*job.queue_name, now);
}

absl::Time ReadyJobs::NextDue(absl::Time now) const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [flags, view] : views_) next = std::min(next, view->NextDue(now));
  return next;
}

std::vector<ReadyView*> ReadyJobs::views() {
  std::vector<ReadyView*> views;
  for (const auto& [flags, view] : views_) views.push_back(view.get());
  return views;
}

ReadyView* ReadyJobs::view(const std::vector<std::string>& flags) {
  const auto found = views_.find(flags);
  return found == views_.end() ? nullptr : found->second.get();
}

void ReadyJobs::Forget() {
  for (const auto& [flags, view] : views_) view->Forget();
}

}  // namespace leasehold::queue
