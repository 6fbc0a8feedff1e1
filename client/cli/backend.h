#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cpp/admin.h"
#include "client/cpp/client.h"
#include "client/cpp/cron.h"
#include "client/cpp/job.h"

namespace leasehold::cli {

// Backend is where a command finds the queue. The methods do what those of client::Client and
// client::Admin of the same names do, and fail as these; a backend that cannot do one says so, and
// what can, with FailedPrecondition.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual absl::StatusOr<std::string> AddJob(const client::NewJob& job) = 0;
  virtual absl::StatusOr<client::Job> GetJob(const std::string& id) = 0;
  virtual absl::StatusOr<client::JobPage> ListJobs(const client::ListJobsOptions& options) = 0;
  virtual absl::StatusOr<std::string> RemoveJob(const std::string& key) = 0;

  // 1 to kMaxIds ids.
  virtual absl::StatusOr<std::vector<std::string>> CompleteJobs(
      const std::vector<std::string>& ids) = 0;
  virtual absl::StatusOr<std::vector<std::string>> FailJobs(const std::vector<std::string>& ids,
                                                            const std::string& reason) = 0;
  virtual absl::StatusOr<std::vector<std::string>> RescheduleJobs(
      const std::vector<std::string>& ids, const client::Reschedule& reschedule) = 0;

  virtual absl::StatusOr<client::Stats> GetStats() = 0;
  virtual absl::StatusOr<client::Servers> ListServers() = 0;
  virtual absl::StatusOr<client::QueuePage> ListQueues(int page_size,
                                                       const std::string& page_token) = 0;
  virtual absl::StatusOr<std::vector<client::Task>> ListTasks() = 0;
  virtual absl::StatusOr<std::vector<client::ExecutorInfo>> ListExecutors() = 0;

  // 1 to kMaxExecutorIds ids.
  virtual absl::StatusOr<std::vector<std::string>> ForceUnlock(
      const std::vector<std::string>& executor_ids) = 0;
  virtual absl::StatusOr<std::vector<client::ExecutorInfo>> SweepExecutors(
      const client::SweepOptions& options) = 0;
  virtual absl::StatusOr<client::CleanUpPage> CleanUp(absl::Duration unchanged_for,
                                                      const std::string& page_token) = 0;
  virtual absl::StatusOr<absl::Time> AdvanceClock(absl::Duration by) = 0;

  virtual absl::StatusOr<client::CronPage> ListCrons(int page_size,
                                                     const std::string& page_token) = 0;
  virtual absl::StatusOr<client::Cron> PutCron(const client::CronSpec& spec) = 0;
  virtual absl::StatusOr<client::AppliedCrontab> ApplyCrontab(const std::string& crontab,
                                                              const std::string& name) = 0;
  virtual absl::StatusOr<client::Cron> PauseCron(const std::string& identifier) = 0;
  virtual absl::StatusOr<client::Cron> ResumeCron(const std::string& identifier) = 0;
  virtual absl::Status RemoveCron(const std::string& identifier) = 0;
  virtual absl::StatusOr<std::string> RunCron(const std::string& identifier) = 0;

  static constexpr size_t kMaxIds = 10'000;
  static constexpr size_t kMaxExecutorIds = 1'000;
};

// Makes the backend that the command line asks for.
using BackendFactory = std::function<absl::StatusOr<std::unique_ptr<Backend>>()>;

}  // namespace leasehold::cli
