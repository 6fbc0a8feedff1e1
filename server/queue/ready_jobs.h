#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/job/job.h"
#include "server/queue/busy_queues.h"
#include "server/queue/options.h"
#include "server/queue/ready_view.h"

namespace leasehold::queue {

// All jobs that could be leased, ranked: one view per set of forbidden flags in use, and the serial
// queues that are busy, which the views share.
class ReadyJobs {
 public:
  explicit ReadyJobs(const QueueOptions& options) : options_(options) {}

  // A session with these tasks and forbidden flags (sorted) is there, or no longer.
  void Serve(const std::vector<std::string>& flags, const std::vector<std::string>& tasks);
  void Unserve(const std::vector<std::string>& flags, const std::vector<std::string>& tasks,
               absl::Time now);

  // A job in the database that is not leased.
  void Offer(const RankedJob& job, absl::Time now);
  // A job that is gone, or is in other hands.
  void Remove(JobId job, absl::Time now);

  // Whether the job is in memory as it stands, in a view at least.
  bool Knows(const RankedJob& job) const;
  // Whether it should be there, if it stands so in the database: it does not stand behind what was
  // read, nor what had to make room.
  bool ShouldKnow(const RankedJob& job) const;

  // Takes the first job that such a session may run now; its serial queue is held until Release().
  std::optional<RankedJob> Take(const std::vector<std::string>& flags,
                                const std::vector<std::string>& tasks, absl::Time now);
  // Where the first due jobs of such a session stand, if they can be leased without being read; see
  // ReadyView. Not while another view could rank them too, nor before the reads have passed every
  // job of that task and priority that is leased or in other hands.
  const ReadyWindow* WindowToLease(const std::vector<std::string>& flags,
                                   const std::vector<std::string>& tasks, absl::Time now);
  // The job is leased, or about to be.
  void NoteLease(const RankedJob& job);

  bool NothingDue(const std::vector<std::string>& flags, const std::vector<std::string>& tasks,
                  absl::Time now) const;

  void Hold(const RankedJob& job);
  void Release(const RankedJob& job, absl::Time now);

  absl::Time NextDue(absl::Time now) const;

  // The views, for what they read.
  std::vector<ReadyView*> views();
  // Null if no session with these flags is left.
  ReadyView* view(const std::vector<std::string>& flags);

  // The store failed: everything is read again. Busy queues stay busy.
  void Forget();

 private:
  // A job behind the window's end may be leased, or have been.
  bool LeasedBehind(const ReadyWindow& window) const;

  const QueueOptions& options_;
  BusyQueues busy_;
  // The last job leased of each task and priority, in the order of work.
  absl::flat_hash_map<std::string, std::map<int, Rank>> last_leased_;
  uint64_t reads_ = 0;
  std::map<std::vector<std::string>, std::unique_ptr<ReadyView>> views_;
};

}  // namespace leasehold::queue
