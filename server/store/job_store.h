#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/job/job.h"
#include "server/job/store_request.h"
#include "server/store/server_info.h"

namespace leasehold::store {

// What producers and operators may look at, apart from the queue.
struct JobFilter {
  std::optional<std::string> task;
  std::optional<std::string> queue_name;
  enum class State { kAny, kReady, kScheduled, kLeased, kFailed } state = State::kAny;
  JobId after = 0;  // ids above this one
  int limit = 50;
  // How far the jobs' clock, by which they are ready, is ahead of the database's.
  absl::Duration clock_moved_by = {};
};

struct JobCounts {
  int64_t ready = 0;
  int64_t scheduled = 0;
  int64_t leased = 0;
  int64_t failed = 0;
  std::optional<absl::Time> oldest_ready_run_at;
};

// The jobs of a serial queue, by state.
struct QueueCounts {
  std::string name;
  JobCounts jobs;
  // Of its leased job; unset: none is leased.
  std::optional<absl::Time> locked_at;
  std::string locked_by;
};

// The jobs of a task, by state.
struct TaskCounts {
  std::string name;
  JobCounts jobs;
};

// Which jobs are cleaned up: those that have permanently failed, are not leased and not locked.
struct CleanUpPage {
  JobId after = 0;  // ids above this one
  absl::Duration unchanged_for;
  int most = 10'000;
};
struct CleanedUp {
  int64_t deleted = 0;
  std::optional<JobId> last;  // how far it came; unset: no jobs are left behind it
};

// Where the queue's facts are kept: the seam between the loop and the database.
//
// Thread-safe. No method blocks: each calls back exactly once, from a thread of the store or, at
// shutdown, from the one that stops it. The caller bounds how much it has under way.
class JobStore {
 public:
  virtual ~JobStore() = default;

  using Answered = std::function<void(absl::Status, StoreAnswer)>;

  // Runs one request. A write whose connection was lost is not given up: the store finds out in the
  // journal whether it was committed, runs it again if not, and only then answers.
  virtual void Submit(StoreRequest request, Answered answered) = 0;

  virtual void GetJob(JobId id, std::function<void(absl::StatusOr<Job>)> done) = 0;
  virtual void ListJobs(JobFilter filter,
                        std::function<void(absl::StatusOr<std::vector<Job>>)> done) = 0;
  // By the jobs' clock, as JobFilter has it.
  virtual void CountJobs(absl::Duration clock_moved_by,
                         std::function<void(absl::StatusOr<JobCounts>)> done) = 0;
  // By name, at most `limit`, behind the name `after`.
  virtual void ListQueues(std::string after, int limit, absl::Duration clock_moved_by,
                          std::function<void(absl::StatusOr<std::vector<QueueCounts>>)> done) = 0;
  // By name, at most `limit`.
  virtual void ListTasks(int limit, absl::Duration clock_moved_by,
                         std::function<void(absl::StatusOr<std::vector<TaskCounts>>)> done) = 0;
  // Deletes a page of jobs. Reads a bounded number: where few have failed, few are deleted. The
  // only write that may have been done although the answer is kUnavailable.
  virtual void CleanUp(CleanUpPage page, std::function<void(absl::StatusOr<CleanedUp>)> done) = 0;
  virtual void ListServers(std::function<void(absl::StatusOr<std::vector<ServerInfo>>)> done) = 0;
};

// What a store tells without being asked. Called from threads of the store; must not block.
class JobStoreObserver {
 public:
  virtual ~JobStoreObserver() = default;

  // Rows may stand in `inbox`.
  virtual void InboxFilled() = 0;

  // The database is away: what is submitted from now on answers kUnavailable at once.
  virtual void StoreAway() = 0;

  // The database is back. The epoch has been raised, in-doubt writes have been answered, reserved
  // ids are void, and lease rows that were not durable may be missing.
  virtual void StoreBack(uint64_t epoch) = 0;

  // Another server leads: nothing this leader knows counts any more.
  virtual void Deposed() = 0;
};

}  // namespace leasehold::store
