#include "server/queue/reader.h"

#include <utility>

#include "absl/container/flat_hash_set.h"

namespace leasehold::queue {
namespace {

// A row committed by SQL is told of by the inbox within this.
constexpr absl::Duration kLongestInboxDelay = absl::Seconds(10);
constexpr absl::Duration kPauseAfterFailure = absl::Milliseconds(200);

}  // namespace

void Reader::Run() {
  if (!core_.loaded || !core_.store_available || core_.real_now < pause_until_) return;
  for (ReadyView* view : core_.ready.views()) ReadView(*view);
  if (!reading_jobs_ && core_.inbox_wanted) ReadTheInbox();
  if (!reading_jobs_ && core_.in_hand.any_to_read()) ReadAgain();
}

void Reader::ReadView(ReadyView& view) {
  uint64_t read = 0;
  const std::vector<std::string> tasks = view.TasksToRead(read);
  ReadPrioritiesOf(view, read, tasks);
  std::vector<ReadWindows::Window> windows = view.WindowsToRead(core_.now, read);
  if (!windows.empty()) ReadWindowsOf(view, read, std::move(windows));
  ReadQueuesOf(view);
}

void Reader::ReadPrioritiesOf(ReadyView& view, uint64_t read,
                              const std::vector<std::string>& tasks) {
  if (tasks.empty()) return;
  core_.SubmitToStore(ReadPriorities{tasks}, [this, read, tasks, flags = view.forbidden_flags()](
                                                 const absl::Status& status, StoreAnswer& answer) {
    ReadyView* view = core_.ready.view(flags);
    if (view == nullptr) return;
    if (!status.ok()) return Failed(*view);
    view->PrioritiesRead(read, tasks, std::get<ReadPrioritiesAnswer>(answer));
    core_.WantLeasing();
  });
}

void Reader::ReadWindowsOf(ReadyView& view, uint64_t read,
                           std::vector<ReadWindows::Window> windows) {
  core_.SubmitToStore(ReadWindows{windows}, [this, read, windows, flags = view.forbidden_flags()](
                                                const absl::Status& status, StoreAnswer& answer) {
    ReadyView* view = core_.ready.view(flags);
    if (view == nullptr) return;
    if (!status.ok()) return Failed(*view);
    const auto& pages = std::get<ReadWindowsAnswer>(answer).pages;
    for (size_t i = 0; i < pages.size(); ++i) {
      const auto elsewhere = [this](const RankedJob& job) {
        return core_.Met(job) || core_.InOtherHands(job);
      };
      for (const RankedJob& job : view->WindowRead(read, windows[i], pages[i], elsewhere)) {
        suspects_[job.id] = job;
        core_.in_hand.ReadAgain({job.id});
      }
    }
    core_.WantLeasing();
  });
}

void Reader::ReadQueuesOf(ReadyView& view) {
  uint64_t read = 0;
  int heads = 0;
  std::vector<std::string> queues = view.QueuesToRead(kQueuesAtOnce, read, heads);
  if (queues.empty()) return;
  ReadQueueHeads request{queues, view.tasks(), view.forbidden_flags(), core_.now, heads};
  core_.SubmitToStore(std::move(request), [this, read, flags = view.forbidden_flags()](
                                              const absl::Status& status, StoreAnswer& answer) {
    ReadyView* view = core_.ready.view(flags);
    if (view == nullptr) return;
    if (!status.ok()) return Failed(*view);
    for (const auto& queue : std::get<ReadQueueHeadsAnswer>(answer).queues) {
      view->QueueRead(read, queue, core_.now,
                      [this](const RankedJob& job) { return core_.InOtherHands(job); });
    }
    core_.WantLeasing();
  });
}

// The windows are read again from their heads.
void Reader::Failed(ReadyView& view) {
  view.Forget();
  Forget();
  Pause();
}

void Reader::Pause() { pause_until_ = core_.real_now + kPauseAfterFailure; }

// Reads a part of the inbox, applies it, and only then deletes exactly the rows that it read.
void Reader::ReadTheInbox() {
  core_.inbox_wanted = false;
  reading_jobs_ = true;
  const uint64_t read = ++core_.inbox_reads;
  core_.SubmitToStore(ReadInbox{kInboxRows},
                      [this, read](const absl::Status& status, StoreAnswer& answer) {
                        reading_jobs_ = false;
                        if (status.ok()) return ApplyInbox(std::get<ReadInboxAnswer>(answer), read);
                        core_.inbox_wanted = true;
                        Pause();
                      });
}

void Reader::ApplyInbox(ReadInboxAnswer& inbox, uint64_t read) {
  for (const JobId id : inbox.job_ids) missed_.erase(id);
  Apply(inbox.job_ids, inbox.jobs);
  if (core_.inbox_emptied_by < core_.idle_after_read) core_.WantLeasing();
  if (inbox.complete) core_.inbox_emptied_by = read;
  core_.inbox_wanted = core_.inbox_wanted || !inbox.complete;
  if (inbox.inbox_ids.empty()) return;
  // Until they are deleted the next read would find the same rows.
  reading_jobs_ = true;
  core_.SubmitToStore(DeleteInbox{std::move(inbox.inbox_ids)},
                      [this](const absl::Status& status, StoreAnswer&) {
                        reading_jobs_ = false;
                        if (status.ok()) return;
                        core_.inbox_wanted = true;
                        Pause();
                      });
}

// Reads jobs of which something older may be known.
void Reader::ReadAgain() {
  const ReadJobs request{core_.in_hand.TakeJobsToRead()};
  reading_jobs_ = true;
  core_.SubmitToStore(request, [this, request](const absl::Status& status, StoreAnswer& answer) {
    reading_jobs_ = false;
    if (!status.ok()) {
      core_.in_hand.ReadAgain(request.ids);
      return Pause();
    }
    const auto& jobs = std::get<ReadJobsAnswer>(answer).jobs;
    LookForMissing(jobs);
    for (const JobId id : request.ids) suspects_.erase(id);
    Apply(request.ids, jobs);
  });
}

// A suspect that still stands as the proof saw it, and is still not in memory, is missing.
void Reader::LookForMissing(const std::vector<RankedJob>& jobs) {
  for (const RankedJob& job : jobs) {
    const auto suspect = suspects_.find(job.id);
    if (suspect == suspects_.end() || core_.ready.Knows(job)) continue;
    // By now it may have been left to a later read.
    if (!core_.ready.ShouldKnow(job)) continue;
    if (core_.Met(job) || core_.InOtherHands(job)) continue;
    const RankedJob& seen = suspect->second;
    if (seen.activation == job.activation && seen.rank() == job.rank())
      missed_[job.id] = core_.real_now;
  }
}

void Reader::Apply(const std::vector<JobId>& ids, const std::vector<RankedJob>& jobs) {
  absl::flat_hash_map<JobId, const RankedJob*> standing;
  for (const RankedJob& job : jobs) standing[job.id] = &job;
  for (const JobId id : ids) {
    const auto found = standing.find(id);
    HeldLease* lease = core_.leases.FindByJob(id);
    if (core_.window_lease.has_value()) core_.window_lease->changed.push_back(id);
    if (core_.in_hand.contains(id) || (lease != nullptr && lease->ending != nullptr)) {
      core_.in_hand.NoteChange(id);
    }
    if (lease != nullptr &&
        (found == standing.end() || found->second->activation > lease->token.activation)) {
      Overtake(*lease);
    }
    if (found == standing.end()) {
      core_.ready.Remove(id, core_.now);
    } else {
      core_.Offer(*found->second);
    }
  }
  if (!ids.empty()) core_.WantLeasing();
}

// The executor is told that its run counts for nothing. It is not told that the lease is lost:
// until it reports or is lost itself, the lease holds the job's serial queue.
void Reader::Overtake(HeldLease& lease) {
  if (lease.ending != nullptr || std::exchange(lease.overtaken, true)) return;
  Session* session = core_.sessions.Find(lease.session);
  if (session == nullptr) return;
  core_.SendTo(*session, {CancelFrame{{lease.token}, kJobChanged}, 0});
}

void Reader::ProveAWindow() {
  if (!core_.loaded || !core_.store_available) return;
  for (ReadyView* view : core_.ready.views()) {
    uint64_t read = 0;
    const auto window = view->WindowToProve(read);
    if (window.has_value()) ReadWindowsOf(*view, read, {*window});
    ReadPrioritiesOf(*view, /*read=*/0, view->tasks());
  }
}

void Reader::CountCorrections() {
  absl::erase_if(missed_, [this](const auto& missed) {
    if (core_.real_now - missed.second < kLongestInboxDelay) return false;
    ++core_.totals.window_corrections;
    return true;
  });
}

}  // namespace leasehold::queue
