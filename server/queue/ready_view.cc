#include "server/queue/ready_view.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace leasehold::queue {
namespace {

// A task may have as many priorities as it likes; windows of emptied ones are kept up to here.
constexpr size_t kMostIdleWindows = 64;

void Earlier(std::optional<Rank>& least, const Rank& rank) {
  if (!least.has_value() || rank < *least) least = rank;
}

}  // namespace

ReadyView::ReadyView(const QueueOptions& options, std::vector<std::string> forbidden_flags,
                     const BusyQueues& busy, uint64_t& reads)
    : options_(options), forbidden_flags_(std::move(forbidden_flags)), busy_(busy), reads_(reads) {}

void ReadyView::Serve(const std::string& task) {
  if (++tasks_[task].sessions > 1) return;
  // Jobs of the task may be the first of their queues.
  for (auto& [name, queue] : queues_) queue.read_up_to.reset();
}

void ReadyView::Unserve(const std::string& task, absl::Time now) {
  const auto found = tasks_.find(task);
  if (--found->second.sessions > 0) return;
  std::vector<RankedJob> dropped;
  for (auto& [priority, window] : found->second.windows) {
    for (RankedJob& job : window->AbandonRead()) dropped.push_back(std::move(job));
  }
  for (const auto& [name, queue] : queues_) {
    std::copy_if(queue.parked.begin(), queue.parked.end(), std::back_inserter(dropped),
                 [&task](const RankedJob& job) { return job.task == task; });
  }
  for (const RankedJob& job : dropped) {
    const auto queue = queues_.find(job.queue_name.value_or(""));
    if (queue != queues_.end()) {
      std::erase_if(queue->second.parked, [&](const RankedJob& one) { return one.id == job.id; });
    }
    Forget(job.id);
  }
  tasks_.erase(found);
  // They may have been the first of their queues.
  for (const RankedJob& job : dropped) {
    if (job.queue_name.has_value()) Reconsider(*job.queue_name, now);
  }
}

std::vector<std::string> ReadyView::tasks() const {
  std::vector<std::string> names;
  for (const auto& [name, task] : tasks_) names.push_back(name);
  return names;
}

bool ReadyView::Allows(const RankedJob& job) const {
  return std::none_of(job.flags.begin(), job.flags.end(), [this](const std::string& flag) {
    return std::binary_search(forbidden_flags_.begin(), forbidden_flags_.end(), flag);
  });
}

ReadyWindow* ReadyView::WindowOf(const RankedJob& job) {
  const auto task = tasks_.find(job.task);
  if (task == tasks_.end()) return nullptr;
  if (!task->second.priorities_known) {
    task->second.offered_priorities.insert(job.priority);
    return nullptr;
  }
  auto& window = task->second.windows[job.priority];
  if (window == nullptr) {
    window = std::make_unique<ReadyWindow>(job.task, job.priority, options_.window_rows);
    // The priority was not there when the task's priorities were read: nothing else has it.
    window->EndRead(std::nullopt, /*complete=*/true);
  }
  return window.get();
}

void ReadyView::Offer(const RankedJob& job) {
  const auto known = places_.find(job.id);
  if (known != places_.end() && known->second.activation > job.activation) return;
  Remove(job.id);
  if (job.permanently_failed() || !Allows(job)) return;
  ReadyWindow* window = WindowOf(job);
  if (window == nullptr) return;
  if (window->Insert(job)) {
    Place_(job, window);
    Evict(*window);
  } else if (job.queue_name.has_value()) {
    const auto queue = queues_.find(*job.queue_name);
    if (queue != queues_.end()) queue->second.Dropped(job.rank());
  }
}

void ReadyView::Place_(const RankedJob& job, ReadyWindow* window) {
  places_[job.id] = {window, job.rank(), job.activation, job.queue_name.value_or("")};
  if (job.queue_name.has_value()) queues_[*job.queue_name].members.insert(job.rank());
}

void ReadyView::Evict(ReadyWindow& window) {
  while (const std::optional<RankedJob> job = window.TakeOverflow()) {
    Forget(job->id);
    if (job->queue_name.has_value()) queues_[*job->queue_name].Dropped(job->rank());
  }
}

// Takes the job out of the index alone.
void ReadyView::Forget(JobId job) {
  const auto found = places_.find(job);
  if (found == places_.end()) return;
  if (!found->second.queue.empty()) {
    const auto queue = queues_.find(found->second.queue);
    queue->second.members.erase(found->second.rank);
    if (queue->second.idle()) queues_.erase(queue);
  }
  places_.erase(found);
}

void ReadyView::Remove(JobId job) {
  const auto found = places_.find(job);
  if (found == places_.end()) return;
  ReadyWindow* window = found->second.window;
  if (window != nullptr) {
    window->Erase(found->second.rank);
    const auto task = tasks_.find(window->task());
    if (window->first() == nullptr && window->complete() &&
        task->second.windows.size() > kMostIdleWindows) {
      task->second.windows.erase(window->priority());
    }
  } else {
    std::erase_if(queues_.at(found->second.queue).parked,
                  [job](const RankedJob& parked) { return parked.id == job; });
  }
  Forget(job);
}

bool ReadyView::Knows(const RankedJob& job) const {
  const auto found = places_.find(job.id);
  return found != places_.end() && found->second.activation >= job.activation;
}

bool ReadyView::KnowsExactly(const RankedJob& job) const {
  const auto found = places_.find(job.id);
  return found != places_.end() && found->second.activation == job.activation &&
         found->second.rank == job.rank();
}

bool ReadyView::KnowsLaterOrExactly(const RankedJob& job) const {
  const auto found = places_.find(job.id);
  return found != places_.end() && (found->second.activation > job.activation || KnowsExactly(job));
}

std::string ReadyView::QueueOf(JobId job) const {
  const auto found = places_.find(job);
  return found == places_.end() ? "" : found->second.queue;
}

const RankedJob* ReadyView::First(const std::vector<std::string>& tasks, absl::Time now) {
  while (true) {
    const RankedJob* first = FirstRanked(tasks, now);
    if (first == nullptr || MayRun(*first, now)) return first;
    Park(*first);
  }
}

// Null while a job that is not in memory may rank before.
const RankedJob* ReadyView::FirstRanked(const std::vector<std::string>& tasks,
                                        absl::Time now) const {
  const RankedJob* first = nullptr;
  std::optional<Rank> certain;
  for (const std::string& name : tasks) {
    const auto task = tasks_.find(name);
    if (task == tasks_.end() || !task->second.priorities_known) return nullptr;
    for (const auto& [priority, window] : task->second.windows) {
      if (first != nullptr && priority > first->priority) break;
      const std::optional<Rank> of_window = window->CertainUpTo();
      if (of_window.has_value() && of_window->run_at <= now) Earlier(certain, *of_window);
      const RankedJob* job = window->first();
      if (job == nullptr || job->run_at > now) continue;
      if (first == nullptr || job->rank() < first->rank()) first = job;
    }
  }
  const bool is_first = first != nullptr && (!certain.has_value() || !(*certain < first->rank()));
  return is_first ? first : nullptr;
}

bool ReadyView::MayRun(const RankedJob& job, absl::Time now) {
  if (!job.queue_name.has_value()) return true;
  if (busy_.Busy(*job.queue_name)) return false;
  SerialQueue& queue = queues_[*job.queue_name];
  if (queue.reading != 0) return false;
  const Rank rank = job.rank();
  const Rank* first = queue.FirstDue(now);
  if (first != nullptr && *first < rank) return false;
  if (queue.read_up_to.has_value() && !(*queue.read_up_to < rank)) return true;
  const std::optional<Rank> certain = CertainUpTo(now);
  const bool dropped_before = queue.dropped_from.has_value() && *queue.dropped_from < rank;
  if (!dropped_before && (!certain.has_value() || !(*certain < rank))) return true;
  WantHeads(*job.queue_name, queue);
  return false;
}

void ReadyView::WantHeads(const std::string& name, SerialQueue& queue) {
  queue.wants_read = true;
  queues_to_read_.insert(name);
}

// Every due job up to this rank is in memory; unset: all are.
std::optional<Rank> ReadyView::CertainUpTo(absl::Time now) const {
  std::optional<Rank> certain;
  for (const auto& [name, task] : tasks_) {
    if (!task.priorities_known) return Rank{-32769, absl::InfinitePast(), 0};
    for (const auto& [priority, window] : task.windows) {
      const std::optional<Rank> of_window = window->CertainUpTo();
      if (of_window.has_value() && of_window->run_at <= now) Earlier(certain, *of_window);
    }
  }
  return certain;
}

void ReadyView::Park(RankedJob job) {
  Place& place = places_.at(job.id);
  place.window->Erase(place.rank);
  place.window = nullptr;
  SerialQueue& queue = queues_[*job.queue_name];
  const auto behind =
      std::upper_bound(queue.parked.begin(), queue.parked.end(), job,
                       [](const RankedJob& a, const RankedJob& b) { return a.rank() < b.rank(); });
  queue.parked.insert(behind, std::move(job));
  if (queue.parked.size() <= SerialQueue::kMostParked) return;
  const RankedJob last = std::move(queue.parked.back());
  queue.parked.pop_back();
  queue.Dropped(last.rank());
  Forget(last.id);
}

void ReadyView::Reconsider(const std::string& name, absl::Time now) {
  const auto found = queues_.find(name);
  if (found == queues_.end() || busy_.Busy(name)) return;
  SerialQueue& queue = found->second;
  const Rank* first = queue.FirstDue(now);
  if (first == nullptr && queue.dropped_from.has_value() && queue.reading == 0) {
    WantHeads(name, queue);
  }
  if (queue.parked.empty() || first == nullptr || !(queue.parked.front().rank() == *first)) return;
  if (!MayRun(queue.parked.front(), now)) return;
  const RankedJob job = std::move(queue.parked.front());
  queue.parked.erase(queue.parked.begin());
  ReadyWindow* window = WindowOf(job);
  if (window == nullptr) {
    Forget(job.id);
    return;
  }
  window->Force(job);
  places_.at(job.id).window = window;
}

bool ReadyView::NothingDue(const std::vector<std::string>& names, absl::Time now) const {
  if (!queues_to_read_.empty() || queues_being_read_ > 0) return false;
  for (const std::string& name : names) {
    const auto task = tasks_.find(name);
    if (task == tasks_.end() || !task->second.priorities_known) return false;
    for (const auto& [priority, window] : task->second.windows) {
      const std::optional<Rank> certain = window->CertainUpTo();
      if (certain.has_value() && certain->run_at <= now) return false;
      if (window->first() != nullptr && window->first()->run_at <= now) return false;
    }
  }
  return true;
}

absl::Time ReadyView::NextDue(absl::Time now) const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [name, task] : tasks_) {
    for (const auto& [priority, window] : task.windows) {
      const RankedJob* job = window->first();
      if (job != nullptr && job->run_at > now) next = std::min(next, job->run_at);
    }
  }
  return next;
}

}  // namespace leasehold::queue
