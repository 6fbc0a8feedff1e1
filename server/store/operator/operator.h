#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/job/job.h"
#include "server/store/connection.h"
#include "server/store/job_store.h"

namespace leasehold::store {

struct OperatorOptions {
  std::string database_url;
  std::string schema = "leasehold";
  // How long to go on trying while somebody else holds the row of a job.
  absl::Duration patience = absl::Seconds(30);
};

struct Rescheduling {
  std::optional<absl::Time> run_at;
  std::optional<absl::Duration> delay;  // run_at from now
  std::optional<int> priority;
  std::optional<int> attempts;
  std::optional<int> max_attempts;
};

// An executor whose session has not ended, as far as the database knows.
struct SessionInfo {
  int64_t number = 0;
  std::string executor_id;
  std::string executor_name;
  std::vector<std::string> tasks;
  // Since a server could have heard of it last: while one is at work, nothing.
  absl::Duration silent;
  int leases = 0;
};

struct Sweep {
  absl::Duration threshold = absl::Seconds(30);
  absl::Duration recovery_delay = absl::Seconds(5);
  bool dry_run = false;
};

// What an operator can do on the database itself, without a server. A server that leads hears of
// it.
//
// Calls block. kPermissionDenied: the role lacks a right. kInvalidArgument: PostgreSQL refuses a
// value. kUnavailable: the database is away, or somebody else holds a job's row for all of the
// patience; then nothing was done. Messages are one line.
class Operator {
 public:
  // kNotFound: there is no such schema. kFailedPrecondition: it is another program's, or lacks
  // migrations, or has newer ones than we understand.
  static absl::StatusOr<std::unique_ptr<Operator>> Open(const OperatorOptions& options);

  // kAlreadyExists: KeyMode::kReject, and a job has the key.
  absl::StatusOr<JobId> AddJob(const NewJob& job);
  // kNotFound: no job has the key.
  absl::StatusOr<JobId> RemoveJob(const std::string& key);

  // The ids of the jobs changed, ascending; leased jobs are left alone.
  absl::StatusOr<std::vector<JobId>> CompleteJobs(const std::vector<JobId>& ids);
  absl::StatusOr<std::vector<JobId>> FailJobs(const std::vector<JobId>& ids,
                                              const std::optional<std::string>& error);
  absl::StatusOr<std::vector<JobId>> RescheduleJobs(const std::vector<JobId>& ids,
                                                    const Rescheduling& change);
  absl::StatusOr<CleanedUp> CleanUp(const CleanUpPage& page);

  absl::StatusOr<Job> GetJob(JobId id);
  absl::StatusOr<std::vector<Job>> ListJobs(const JobFilter& filter);
  absl::StatusOr<JobCounts> CountJobs();
  absl::StatusOr<std::vector<QueueCounts>> ListQueues(const std::string& after, int limit);
  absl::StatusOr<std::vector<TaskCounts>> ListTasks(int limit);
  absl::StatusOr<std::vector<ServerInfo>> ListServers();
  // By executor id.
  absl::StatusOr<std::vector<SessionInfo>> ListSessions();
  // The database's.
  absl::StatusOr<absl::Time> Now();

  // Both only while nobody leads: kFailedPrecondition names the server that does. The ids of the
  // jobs unlocked, ascending.
  absl::StatusOr<std::vector<JobId>> ForceUnlock(const std::vector<std::string>& executor_ids);
  // Ends the sessions of executors that have been silent for the threshold; returns them as they
  // were.
  absl::StatusOr<std::vector<SessionInfo>> SweepSessions(const Sweep& sweep);

 private:
  Operator(const OperatorOptions& options, std::unique_ptr<Connection> connection)
      : options_(options), connection_(std::move(connection)) {}

  template <typename Answer>
  absl::StatusOr<Answer> Persist(const std::function<absl::StatusOr<Answer>()>& ask);
  template <typename... Values>
  absl::StatusOr<std::vector<JobId>> ChangedIds(const sql::Statement& statement,
                                                const Values&... values);

  const OperatorOptions options_;
  const std::unique_ptr<Connection> connection_;
};

}  // namespace leasehold::store
