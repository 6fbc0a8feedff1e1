#include "server/queue/reader.h"

#include <utility>

#include "absl/container/flat_hash_set.h"

namespace leasehold::queue {
namespace {

// A row committed by SQL is told of by the inbox within this.
constexpr absl::Duration kLongestInboxDelay = absl::Seconds(10);
constexpr absl::Duration kPauseAfterFailure = absl::Milliseconds(200);

}  // namespace

bool Reader::Elsewhere(const RankedJob& job) const {
  if (core_.in_hand.contains(job.id)) return true;
  const HeldLease* lease = core_.leases.FindByJob(job.id);
  return lease != nullptr && lease->token.activation >= job.activation;
}

void Reader::Run() {
  if (!core_.loaded || !core_.store_available || core_.now < pause_until_) return;
  for (ReadyView* view : core_.ready.views()) ReadView(*view);
  if (inbox_wanted_ && !inbox_busy_) ReadTheInbox();
}

void Reader::ReadView(ReadyView& view) {
  ReadPrioritiesOf(view);
  uint64_t read = 0;
  std::vector<ReadWindows::Window> windows = view.WindowsToRead(read);
  if (!windows.empty()) ReadWindowsOf(view, read, std::move(windows));
  ReadQueuesOf(view);
}

void Reader::ReadPrioritiesOf(ReadyView& view) {
  uint64_t read = 0;
  std::vector<std::string> tasks = view.TasksToRead(read);
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
  core_.SubmitToStore(
      ReadWindows{windows}, [this, read, windows, flags = view.forbidden_flags()](
                                const absl::Status& status, StoreAnswer& answer) {
        ReadyView* view = core_.ready.view(flags);
        if (view == nullptr) return;
        if (!status.ok()) return Failed(*view);
        const auto& pages = std::get<ReadWindowsAnswer>(answer).pages;
        for (size_t i = 0; i < pages.size(); ++i) {
          const auto elsewhere = [this](const RankedJob& job) { return Elsewhere(job); };
          for (const JobId job : view->WindowRead(read, windows[i], pages[i], elsewhere)) {
            missed_[job] = core_.now;
          }
        }
        core_.WantLeasing();
      });
}

void Reader::ReadQueuesOf(ReadyView& view) {
  uint64_t read = 0;
  std::vector<std::string> queues = view.QueuesToRead(kQueuesAtOnce, read);
  if (queues.empty()) return;
  ReadQueueHeads request{queues, view.tasks(), view.forbidden_flags(), core_.now, kHeadsOfAQueue};
  core_.SubmitToStore(std::move(request), [this, read, flags = view.forbidden_flags()](
                                              const absl::Status& status, StoreAnswer& answer) {
    ReadyView* view = core_.ready.view(flags);
    if (view == nullptr) return;
    if (!status.ok()) return Failed(*view);
    for (const auto& queue : std::get<ReadQueueHeadsAnswer>(answer).queues) {
      view->QueueRead(read, queue, core_.now,
                      [this](const RankedJob& job) { return Elsewhere(job); });
    }
    core_.WantLeasing();
  });
}

// The window is read again from its head.
void Reader::Failed(ReadyView& view) {
  view.Forget();
  pause_until_ = core_.now + kPauseAfterFailure;
}

// Reads a part of the inbox, applies it, and only then deletes exactly the rows that it read.
void Reader::ReadTheInbox() {
  inbox_wanted_ = false;
  inbox_busy_ = true;
  core_.SubmitToStore(ReadInbox{kInboxRows}, [this](const absl::Status& status,
                                                    StoreAnswer& answer) {
    inbox_busy_ = false;
    if (!status.ok()) {
      inbox_wanted_ = true;
      pause_until_ = core_.now + kPauseAfterFailure;
      return;
    }
    auto& inbox = std::get<ReadInboxAnswer>(answer);
    Apply(inbox);
    inbox_wanted_ = inbox_wanted_ || !inbox.complete;
    if (inbox.inbox_ids.empty()) return;
    inbox_busy_ = true;
    core_.SubmitToStore(DeleteInbox{std::move(inbox.inbox_ids)},
                        [this](const absl::Status&, StoreAnswer&) { inbox_busy_ = false; });
  });
}

void Reader::Apply(const ReadInboxAnswer& inbox) {
  absl::flat_hash_map<JobId, const RankedJob*> standing;
  for (const RankedJob& job : inbox.jobs) standing[job.id] = &job;
  for (const JobId id : inbox.job_ids) {
    missed_.erase(id);
    const auto found = standing.find(id);
    HeldLease* lease = core_.leases.FindByJob(id);
    if (lease != nullptr &&
        (found == standing.end() || found->second->activation > lease->token.activation)) {
      Overtake(*lease);
    }
    if (found == standing.end()) {
      core_.ready.Remove(id, core_.now);
    } else if (!Elsewhere(*found->second)) {
      core_.ready.Remove(id, core_.now);
      core_.ready.Offer(*found->second, core_.now);
    }
  }
  core_.WantLeasing();
}

// The executor is told that its run counts for nothing; until it answers or is lost the lease holds
// the job's serial queue.
void Reader::Overtake(HeldLease& lease) {
  if (lease.ending.has_value() || std::exchange(lease.overtaken, true)) return;
  Session* session = core_.sessions.Find(lease.session);
  if (session == nullptr) return;
  core_.SendTo(*session, {RevokeFrame{{lease.token}, "the job was changed"}, 0});
}

void Reader::ProveAWindow() {
  if (!core_.loaded || !core_.store_available) return;
  for (ReadyView* view : core_.ready.views()) {
    uint64_t read = 0;
    const auto window = view->WindowToProve(read);
    if (window.has_value()) ReadWindowsOf(*view, read, {*window});
  }
}

void Reader::CountCorrections() {
  absl::erase_if(missed_, [this](const auto& missed) {
    if (core_.now - missed.second < kLongestInboxDelay) return false;
    ++core_.totals.window_corrections;
    return true;
  });
}

}  // namespace leasehold::queue
