#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cpp/client.h"
#include "client/cpp/cron.h"

namespace leasehold::client {

// What Admin::RescheduleJobs changes; what is not set stays as it is, something must be.
struct Reschedule {
  // Not before this time. Excludes `delay`.
  std::optional<absl::Time> run_at = {};
  // Not before this long after the server received the call; zero: now.
  std::optional<absl::Duration> delay = {};
  std::optional<int> priority = {};
  // 0 revives a job that has permanently failed.
  std::optional<int> attempts = {};
  std::optional<int> max_attempts = {};
};

// Jobs of a serial queue or of a task, by state.
struct StateCounts {
  int64_t ready = 0;
  int64_t scheduled = 0;
  int64_t leased = 0;
  int64_t failed = 0;
  // run_at of the job that has been ready longest.
  std::optional<absl::Time> oldest_ready_run_at = {};
};

struct Queue {
  std::string name = {};
  StateCounts jobs = {};
  // Both set while one of its jobs is leased.
  std::optional<absl::Time> locked_at = {};
  std::string locked_by = {};
};

struct QueuePage {
  // By name.
  std::vector<Queue> queues = {};
  // Empty on the last page.
  std::string next_page_token = {};
};

struct Task {
  std::string name = {};
  StateCounts jobs = {};
  // Connected ones that serve it.
  int executors = 0;
};

// An executor whose session has not ended.
struct ExecutorInfo {
  // What locked_by of a job and ForceUnlock name; stable over reconnects.
  std::string id = {};
  std::string name = {};
  std::vector<std::string> tasks = {};
  std::vector<std::string> forbidden_flags = {};
  bool connected = false;
  // How long it has not been heard of.
  absl::Duration silent = {};
  // Jobs it wants to hold at most.
  int window = 0;
  // Jobs it holds, and those among them whose handlers run.
  int leases = 0;
  int running = 0;
};

struct SweepOptions {
  // Executors silent for this long are swept. Default: the server's session timeout.
  std::optional<absl::Duration> threshold = {};
  // Before their jobs run again. Default: the server's recovery delay.
  std::optional<absl::Duration> recovery_delay = {};
  // Only say which.
  bool dry_run = false;
};

struct CleanUpPage {
  int64_t deleted = 0;
  // Empty: nothing is left.
  std::string next_page_token = {};
};

// Admin is for operators: it changes jobs by id, looks after executors and crons. Calls block, are
// repeated and fail as Client's do. All methods may be called from any thread.
class Admin {
 public:
  explicit Admin(const ClientOptions& options = {});
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  // These three leave leased jobs alone and return the ids of the jobs that they changed,
  // ascending: the others are leased, or not there. 1 to 10,000 ids.
  //
  // Deletes jobs, whatever their state.
  absl::StatusOr<std::vector<std::string>> CompleteJobs(const std::vector<std::string>& ids);
  // Uses up their attempts: they stay and do not run. An empty reason: the server's words.
  absl::StatusOr<std::vector<std::string>> FailJobs(const std::vector<std::string>& ids,
                                                    const std::string& reason = {});
  absl::StatusOr<std::vector<std::string>> RescheduleJobs(const std::vector<std::string>& ids,
                                                          const Reschedule& reschedule);

  // Ends the leases of these executors now; returns the ids of the jobs unlocked. Unknown ids are
  // no error.
  absl::StatusOr<std::vector<std::string>> ForceUnlock(
      const std::vector<std::string>& executor_ids);

  // Ends the sessions of silent executors; returns them as they were.
  absl::StatusOr<std::vector<ExecutorInfo>> SweepExecutors(const SweepOptions& options = {});

  // Deletes a page of the jobs that have permanently failed and not changed for this long.
  absl::StatusOr<CleanUpPage> CleanUp(absl::Duration unchanged_for = absl::ZeroDuration(),
                                      const std::string& page_token = {});

  absl::StatusOr<QueuePage> ListQueues(int page_size = 0, const std::string& page_token = {});
  // By name.
  absl::StatusOr<std::vector<Task>> ListTasks();
  // By id.
  absl::StatusOr<std::vector<ExecutorInfo>> ListExecutors();

  // By identifier, those of the leader's crontab file included. A page has 1 to 1000; 0: 1000.
  absl::StatusOr<CronPage> ListCrons(int page_size = 0, const std::string& page_token = {});

  // Adds a stored cron or replaces the one with its identifier: it keeps its pause, and runs from
  // now on as the new one says. InvalidArgument names every bad field. FailedPrecondition: the cron
  // of that identifier belongs to the crontab file, or to a crontab that ApplyCrontab named.
  absl::StatusOr<Cron> PutCron(const CronSpec& spec);

  // Stores the entries of a crontab, all or none; what did not change goes on as it is. With a
  // name, stored crons of that name that the text does not have are removed. InvalidArgument names
  // every bad line and column. FailedPrecondition as PutCron's.
  absl::StatusOr<AppliedCrontab> ApplyCrontab(const std::string& crontab,
                                              const std::string& name = {});

  // Lets a cron, also one of the crontab file, add no jobs until it is resumed: then it runs from
  // that time on. NotFound: there is no such cron.
  absl::StatusOr<Cron> PauseCron(const std::string& identifier);
  absl::StatusOr<Cron> ResumeCron(const std::string& identifier);

  // Removes a stored cron. FailedPrecondition: it stands in the crontab file.
  absl::Status RemoveCron(const std::string& identifier);

  // Adds a job of the cron now, paused or not, and returns its id; the next run stays as it is.
  absl::StatusOr<std::string> RunCron(const std::string& identifier);

  // Moves the queue's clock forward, for tests, and returns its time. FailedPrecondition: the
  // server does not run with --ephemeral.
  absl::StatusOr<absl::Time> AdvanceClock(absl::Duration by);

 private:
  const std::unique_ptr<Calls> calls_;
};

}  // namespace leasehold::client
