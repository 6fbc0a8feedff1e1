#include "client/cli/server_backend.h"

namespace leasehold::cli {

ServerBackend::ServerBackend(const client::ClientOptions& options)
    : client_(options), admin_(options) {}

absl::StatusOr<std::string> ServerBackend::AddJob(const client::NewJob& job) {
  return client_.AddJob(job);
}

absl::StatusOr<client::Job> ServerBackend::GetJob(const std::string& id) {
  return client_.GetJob(id);
}

absl::StatusOr<client::JobPage> ServerBackend::ListJobs(const client::ListJobsOptions& options) {
  return client_.ListJobs(options);
}

absl::StatusOr<std::string> ServerBackend::RemoveJob(const std::string& key) {
  return client_.RemoveJob(key);
}

absl::StatusOr<std::vector<std::string>> ServerBackend::CompleteJobs(
    const std::vector<std::string>& ids) {
  return admin_.CompleteJobs(ids);
}

absl::StatusOr<std::vector<std::string>> ServerBackend::FailJobs(
    const std::vector<std::string>& ids, const std::string& reason) {
  return admin_.FailJobs(ids, reason);
}

absl::StatusOr<std::vector<std::string>> ServerBackend::RescheduleJobs(
    const std::vector<std::string>& ids, const client::Reschedule& reschedule) {
  return admin_.RescheduleJobs(ids, reschedule);
}

absl::StatusOr<client::Stats> ServerBackend::GetStats() { return client_.GetStats(); }

absl::StatusOr<client::Servers> ServerBackend::ListServers() { return client_.ListServers(); }

absl::StatusOr<client::QueuePage> ServerBackend::ListQueues(int page_size,
                                                            const std::string& page_token) {
  return admin_.ListQueues(page_size, page_token);
}

absl::StatusOr<std::vector<client::Task>> ServerBackend::ListTasks() { return admin_.ListTasks(); }

absl::StatusOr<std::vector<client::ExecutorInfo>> ServerBackend::ListExecutors() {
  return admin_.ListExecutors();
}

absl::StatusOr<std::vector<std::string>> ServerBackend::ForceUnlock(
    const std::vector<std::string>& executor_ids) {
  return admin_.ForceUnlock(executor_ids);
}

absl::StatusOr<std::vector<client::ExecutorInfo>> ServerBackend::SweepExecutors(
    const client::SweepOptions& options) {
  return admin_.SweepExecutors(options);
}

absl::StatusOr<client::CleanUpPage> ServerBackend::CleanUp(absl::Duration unchanged_for,
                                                           const std::string& page_token) {
  return admin_.CleanUp(unchanged_for, page_token);
}

absl::StatusOr<absl::Time> ServerBackend::AdvanceClock(absl::Duration by) {
  return admin_.AdvanceClock(by);
}

absl::StatusOr<client::CronPage> ServerBackend::ListCrons(int page_size,
                                                          const std::string& page_token) {
  return admin_.ListCrons(page_size, page_token);
}

absl::StatusOr<client::Cron> ServerBackend::PutCron(const client::CronSpec& spec) {
  return admin_.PutCron(spec);
}

absl::StatusOr<client::AppliedCrontab> ServerBackend::ApplyCrontab(const std::string& crontab,
                                                                   const std::string& name) {
  return admin_.ApplyCrontab(crontab, name);
}

absl::StatusOr<client::Cron> ServerBackend::PauseCron(const std::string& identifier) {
  return admin_.PauseCron(identifier);
}

absl::StatusOr<client::Cron> ServerBackend::ResumeCron(const std::string& identifier) {
  return admin_.ResumeCron(identifier);
}

absl::Status ServerBackend::RemoveCron(const std::string& identifier) {
  return admin_.RemoveCron(identifier);
}

absl::StatusOr<std::string> ServerBackend::RunCron(const std::string& identifier) {
  return admin_.RunCron(identifier);
}

}  // namespace leasehold::cli
