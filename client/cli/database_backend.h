#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/cli/backend.h"
#include "server/store/operator/operator.h"

namespace leasehold::cli {

// Works on the database itself: what SQL can do without a server. Of executors it knows those whose
// sessions have not ended and what they hold; of statistics, the jobs by state.
class DatabaseBackend final : public Backend {
 public:
  static absl::StatusOr<std::unique_ptr<Backend>> Open(const std::string& database_url,
                                                       const std::string& schema);

  absl::StatusOr<std::string> AddJob(const client::NewJob& job) override;
  absl::StatusOr<client::Job> GetJob(const std::string& id) override;
  absl::StatusOr<client::JobPage> ListJobs(const client::ListJobsOptions& options) override;
  absl::StatusOr<std::string> RemoveJob(const std::string& key) override;
  absl::StatusOr<std::vector<std::string>> CompleteJobs(
      const std::vector<std::string>& ids) override;
  absl::StatusOr<std::vector<std::string>> FailJobs(const std::vector<std::string>& ids,
                                                    const std::string& reason) override;
  absl::StatusOr<std::vector<std::string>> RescheduleJobs(
      const std::vector<std::string>& ids, const client::Reschedule& reschedule) override;
  absl::StatusOr<client::Stats> GetStats() override;
  absl::StatusOr<client::Servers> ListServers() override;
  absl::StatusOr<client::QueuePage> ListQueues(int page_size,
                                               const std::string& page_token) override;
  absl::StatusOr<std::vector<client::Task>> ListTasks() override;
  absl::StatusOr<std::vector<client::ExecutorInfo>> ListExecutors() override;
  absl::StatusOr<std::vector<std::string>> ForceUnlock(
      const std::vector<std::string>& executor_ids) override;
  absl::StatusOr<std::vector<client::ExecutorInfo>> SweepExecutors(
      const client::SweepOptions& options) override;
  absl::StatusOr<client::CleanUpPage> CleanUp(absl::Duration unchanged_for,
                                              const std::string& page_token) override;
  absl::StatusOr<absl::Time> AdvanceClock(absl::Duration by) override;
  absl::StatusOr<client::CronPage> ListCrons(int page_size, const std::string& page_token) override;
  absl::StatusOr<client::Cron> PutCron(const client::CronSpec& spec) override;
  absl::StatusOr<client::AppliedCrontab> ApplyCrontab(const std::string& crontab,
                                                      const std::string& name) override;
  absl::StatusOr<client::Cron> PauseCron(const std::string& identifier) override;
  absl::StatusOr<client::Cron> ResumeCron(const std::string& identifier) override;
  absl::Status RemoveCron(const std::string& identifier) override;
  absl::StatusOr<std::string> RunCron(const std::string& identifier) override;

 private:
  explicit DatabaseBackend(std::unique_ptr<store::Operator> database)
      : database_(std::move(database)) {}

  const std::unique_ptr<store::Operator> database_;
};

}  // namespace leasehold::cli
