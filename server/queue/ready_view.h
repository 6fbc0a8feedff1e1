#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "server/job/job.h"
#include "server/job/store_request.h"
#include "server/queue/busy_queues.h"
#include "server/queue/options.h"
#include "server/queue/ready_window.h"
#include "server/queue/serial_queue.h"
#include "server/queue/window_lease.h"

namespace leasehold::queue {

// The ready and coming jobs that sessions with one set of forbidden flags may take: a window per
// task and priority, and the serial queues over them. Holds no leased job.
class ReadyView {
 public:
  ReadyView(const QueueOptions& options, std::vector<std::string> forbidden_flags,
            const BusyQueues& busy, uint64_t& reads);

  // A session with this task is there (or one less).
  void Serve(const std::string& task);
  void Unserve(const std::string& task, absl::Time now);
  bool serves_any() const { return !tasks_.empty(); }

  // Ranks a job that is in the database and not leased, in place of an older activation of it.
  void Offer(const RankedJob& job);
  void Remove(JobId job);
  // This activation of the job or a later one is in memory.
  bool Knows(const RankedJob& job) const;
  // The job is in memory as it stands.
  bool KnowsExactly(const RankedJob& job) const;
  // A job that stands so in the database belongs to what this view has in memory.
  bool ShouldKnow(const RankedJob& job) const;
  // The serial queue of a job in memory; empty: none, or not in memory.
  std::string QueueOf(JobId job) const;

  // The first due job of these tasks whose serial queue, if any, lets it run. Stays ranked.
  const RankedJob* First(const std::vector<std::string>& tasks, absl::Time now);
  // Where the first due jobs of these tasks stand, when none is in memory: behind the end of one
  // window. Null if there is none, or if they must be read before they can be leased, which is
  // then wanted.
  const ReadyWindow* WindowToLease(const std::vector<std::string>& tasks, absl::Time now);
  // The window is being leased from. Returns the key to begin after; `read` names it.
  std::optional<Rank> BeginLease(const std::string& task, int priority, uint64_t& read);
  // It has come to `last`, or to the end of what is due; where all are such as can be leased so, it
  // goes on like that.
  void WindowLeased(const WindowLease& lease, std::optional<Rank> last, bool complete,
                    bool all_leased);
  // Nothing was done.
  void LeaseMetLock(const WindowLease& lease);
  // The window's jobs can only be leased once they are read.
  void WantRead(const std::string& task, int priority);
  bool serves(const std::string& task) const { return tasks_.contains(task); }

  // Nothing of these tasks is due, in memory or out of it.
  bool NothingDue(const std::vector<std::string>& tasks, absl::Time now) const;
  // When the next job that is not yet due becomes so.
  absl::Time NextDue(absl::Time now) const;

  // Something about the queue changed: its first job is ranked if it may run.
  void Reconsider(const std::string& queue, absl::Time now);

  // What must be read for the view to go on; each request is answered by one of the methods below.
  // `read` names the read: an answer counts only where that read is still the one waited for.
  std::vector<std::string> TasksToRead(uint64_t& read);
  std::vector<ReadWindows::Window> WindowsToRead(absl::Time now, uint64_t& read);
  // `heads`: how many jobs of each.
  std::vector<std::string> QueuesToRead(size_t most, uint64_t& read, int& heads);
  // A window to be read again from its head, as a proof; the windows take turns.
  std::optional<ReadWindows::Window> WindowToProve(uint64_t& read);

  void PrioritiesRead(uint64_t read, const std::vector<std::string>& tasks,
                      const ReadPrioritiesAnswer& answer);
  // Returns the rows that were not in memory, or not so, although they should have been. They are
  // not ranked: to be sure of them, they must be read again.
  // `elsewhere` says which rows are leased or in other hands: they are not ranked.
  std::vector<RankedJob> WindowRead(uint64_t read, const ReadWindows::Window& window,
                                    const ReadWindowsAnswer::Page& page,
                                    const std::function<bool(const RankedJob&)>& elsewhere);
  void QueueRead(uint64_t read, const ReadQueueHeadsAnswer::Queue& queue, absl::Time now,
                 const std::function<bool(const RankedJob&)>& elsewhere);
  // The store failed, or may have: all is read again.
  void Forget();

  const std::vector<std::string>& forbidden_flags() const { return forbidden_flags_; }
  std::vector<std::string> tasks() const;

 private:
  struct Task {
    int sessions = 0;
    bool priorities_known = false;
    uint64_t reading = 0;  // names the read of its priorities; 0: none
    // Of jobs offered while they were not known: the read may be older.
    std::set<int> offered_priorities;
    std::map<int, std::unique_ptr<ReadyWindow>> windows;
  };
  struct Place {
    ReadyWindow* window = nullptr;  // null: parked
    Rank rank;
    int activation = 0;
    std::string queue;  // empty: none
  };

  bool Allows(const RankedJob& job) const;
  ReadyWindow* LeasedWindow(const WindowLease& lease);
  void TakeBack(const std::vector<RankedJob>& aside);
  ReadyWindow* WindowOf(const RankedJob& job);
  void Place_(const RankedJob& job, ReadyWindow* window);
  void Forget(JobId job);
  void Evict(ReadyWindow& window);
  const RankedJob* FirstRanked(const std::vector<std::string>& tasks, absl::Time now) const;
  bool MayRun(const RankedJob& job, absl::Time now);
  void Park(RankedJob job);
  std::optional<Rank> CertainUpTo(absl::Time now) const;
  bool Dropped(const RankedJob& job) const;
  bool KnowsLaterOrExactly(const RankedJob& job) const;
  void WantHeads(const std::string& name, SerialQueue& queue);

  const QueueOptions& options_;
  const std::vector<std::string> forbidden_flags_;
  const BusyQueues& busy_;
  uint64_t& reads_;
  std::map<std::string, Task> tasks_;
  absl::flat_hash_map<JobId, Place> places_;
  absl::flat_hash_map<std::string, SerialQueue> queues_;
  absl::flat_hash_set<std::string> queues_to_read_;
  int queues_being_read_ = 0;
  std::pair<std::string, int> last_proved_;
};

}  // namespace leasehold::queue
