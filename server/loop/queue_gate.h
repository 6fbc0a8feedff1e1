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
#include "server/job/job_change.h"
#include "server/job/outcome.h"
#include "server/job/store_request.h"
#include "server/queue/cron_info.h"
#include "server/queue/executor_info.h"
#include "server/queue/frames.h"
#include "server/store/job_store.h"

namespace leasehold::loop {

// One executor's stream as the queue sees it. Called from the queue thread; must not block and must
// not call back into the gate.
class SessionStream {
 public:
  virtual ~SessionStream() = default;
  virtual void Send(queue::ServerFrame frame) = 0;
  // Nothing is sent after this. OK ends it cleanly.
  virtual void End(absl::Status status) = 0;
};

using StreamId = uint64_t;

// What the leader counts; totals are since it began to lead.
struct QueueStats {
  uint64_t epoch = 0;  // 0: does not lead
  int64_t added = 0;
  int64_t leased = 0;
  int64_t completed = 0;
  int64_t failed_attempts = 0;
  int64_t released = 0;
  int64_t swept = 0;
  int64_t lease_lost = 0;
  int64_t sessions = 0;
  int64_t connected_sessions = 0;
  int64_t leases = 0;
  int64_t repeated_requests = 0;
  int64_t window_corrections = 0;
  int64_t sweeps = 0;
  int64_t cron_ticks_added = 0;
  int64_t cron_ticks_skipped = 0;
};

// How the edge talks to the queue. Thread-safe; no method blocks. Each `done` is called exactly
// once, from the queue thread or a store thread, or at once from this one if the event queue is
// full (ServerFull()). Errors carry reasons (server/base/errors.h).
class QueueGate {
 public:
  virtual ~QueueGate() = default;

  // All or none, one commit. Answers after it.
  virtual void AddJobs(std::vector<NewJob> jobs, std::optional<RequestKey> request,
                       std::function<void(absl::StatusOr<std::vector<JobId>>)> done) = 0;

  virtual void RemoveJob(std::string key, std::optional<RequestKey> request,
                         std::function<void(absl::StatusOr<JobId>)> done) = 0;

  // The ids of the jobs changed, ascending. Answers after the commit.
  virtual void ChangeJobs(JobChange change, std::optional<RequestKey> request,
                          std::function<void(absl::StatusOr<std::vector<JobId>>)> done) = 0;

  // By id.
  virtual void ListExecutors(
      std::function<void(absl::StatusOr<std::vector<queue::ExecutorInfo>>)> done) = 0;
  // The sessions ended, as they were before. Answers when their end is on disk.
  virtual void SweepExecutors(
      queue::SweepOrder order,
      std::function<void(absl::StatusOr<std::vector<queue::ExecutorInfo>>)> done) = 0;

  // By identifier, at most `limit`, behind `after`.
  virtual void ListCrons(std::string after, int limit,
                         std::function<void(absl::StatusOr<queue::CronsChanged>)> done) = 0;
  // Answers after the commit.
  virtual void ChangeCrons(queue::CronChange change,
                           std::function<void(absl::StatusOr<queue::CronsChanged>)> done) = 0;
  // Adds a job of a cron now. The id of the job, after the commit.
  virtual void RunCron(std::string identifier, std::optional<RequestKey> request,
                       std::function<void(absl::StatusOr<std::vector<JobId>>)> done) = 0;

  // One result per outcome, in order.
  virtual void ReportOutcomes(
      std::vector<Outcome> outcomes,
      std::function<void(absl::StatusOr<std::vector<OutcomeResult>>)> done) = 0;

  // The gate keeps `stream` until it has called End(), or StreamEnded() was called.
  virtual absl::StatusOr<StreamId> OpenStream(std::shared_ptr<SessionStream> stream,
                                              queue::OpenFrame open) = 0;
  // False: the event queue is full; end the stream RESOURCE_EXHAUSTED.
  virtual bool Receive(StreamId stream, queue::ExecutorFrame frame) = 0;
  // The stream is over. `visibly`: the connection or the call was seen to end.
  virtual void StreamEnded(StreamId stream, bool visibly) = 0;

  virtual void GetJob(JobId id, std::function<void(absl::StatusOr<Job>)> done) = 0;
  virtual void ListJobs(store::JobFilter filter,
                        std::function<void(absl::StatusOr<std::vector<Job>>)> done) = 0;
  virtual void CountJobs(std::function<void(absl::StatusOr<store::JobCounts>)> done) = 0;
  virtual void ListQueues(
      std::string after, int limit,
      std::function<void(absl::StatusOr<std::vector<store::QueueCounts>>)> done) = 0;
  virtual void ListTasks(
      int limit, std::function<void(absl::StatusOr<std::vector<store::TaskCounts>>)> done) = 0;
  virtual void CleanUp(store::CleanUpPage page,
                       std::function<void(absl::StatusOr<store::CleanedUp>)> done) = 0;
  virtual void ListServers(
      std::function<void(absl::StatusOr<std::vector<store::ServerInfo>>)> done) = 0;
  virtual QueueStats Stats() const = 0;

  // Moves the jobs' clock forward, and answers with its time. What is asked of this gate after the
  // answer goes by it.
  virtual void AdvanceClock(absl::Duration by,
                            std::function<void(absl::StatusOr<absl::Time>)> done) = 0;
  // How far the jobs' clock is ahead of the database's.
  virtual absl::Duration ClockMovedBy() const = 0;
};

}  // namespace leasehold::loop
