#include "client/cli/database_backend.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/cli/database_convert.h"

namespace leasehold::cli {
namespace {

constexpr int kPage = 50;
constexpr int kMostOfAPage = 1000;
constexpr int kMostTasks = 1000;

int PageSize(int wanted) { return wanted == 0 ? kPage : std::min(wanted, kMostOfAPage); }

absl::StatusOr<std::vector<std::string>> Ids(const absl::StatusOr<std::vector<JobId>>& changed) {
  if (!changed.ok()) return changed.status();
  return FromJobIds(*changed);
}

std::vector<client::ExecutorInfo> Executors(const std::vector<store::SessionInfo>& sessions) {
  std::vector<client::ExecutorInfo> executors;
  for (const store::SessionInfo& session : sessions) executors.push_back(FromStore(session));
  return executors;
}

// The leader keeps in memory when each of them runs next.
absl::Status CronsNeedAServer() {
  return absl::FailedPreconditionError(
      "crons need a server: name one with --server in place of --database-url");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> DatabaseBackend::Open(const std::string& database_url,
                                                               const std::string& schema) {
  auto database = store::Operator::Open({.database_url = database_url, .schema = schema});
  if (!database.ok()) return database.status();
  return std::unique_ptr<Backend>(new DatabaseBackend(*std::move(database)));
}

absl::StatusOr<std::string> DatabaseBackend::AddJob(const client::NewJob& job) {
  const auto id = database_->AddJob(ToStore(job));
  if (!id.ok()) return id.status();
  return std::to_string(*id);
}

absl::StatusOr<client::Job> DatabaseBackend::GetJob(const std::string& id) {
  const auto number = ToJobId(id);
  if (!number.ok()) return number.status();
  const auto now = database_->Now();
  if (!now.ok()) return now.status();
  const auto job = database_->GetJob(*number);
  if (!job.ok()) return job.status();
  return FromStore(*job, *now);
}

absl::StatusOr<client::JobPage> DatabaseBackend::ListJobs(const client::ListJobsOptions& options) {
  store::JobFilter filter;
  filter.task = options.task;
  filter.queue_name = options.queue;
  filter.state = ToStore(options.state);
  filter.limit = PageSize(options.page_size);
  if (!options.page_token.empty()) {
    const auto after = ToJobId(options.page_token);
    if (!after.ok()) return after.status();
    filter.after = *after;
  }
  const auto now = database_->Now();
  if (!now.ok()) return now.status();
  const auto jobs = database_->ListJobs(filter);
  if (!jobs.ok()) return jobs.status();
  client::JobPage page;
  for (const Job& job : *jobs) {
    page.jobs.push_back(FromStore(job, *now));
    page.jobs.back().payload.clear();
  }
  if (static_cast<int>(jobs->size()) == filter.limit) page.next_page_token = page.jobs.back().id;
  return page;
}

absl::StatusOr<std::string> DatabaseBackend::RemoveJob(const std::string& key) {
  const auto id = database_->RemoveJob(key);
  if (!id.ok()) return id.status();
  return std::to_string(*id);
}

absl::StatusOr<std::vector<std::string>> DatabaseBackend::CompleteJobs(
    const std::vector<std::string>& ids) {
  const auto numbers = ToJobIds(ids);
  if (!numbers.ok()) return numbers.status();
  return Ids(database_->CompleteJobs(*numbers));
}

absl::StatusOr<std::vector<std::string>> DatabaseBackend::FailJobs(
    const std::vector<std::string>& ids, const std::string& reason) {
  const auto numbers = ToJobIds(ids);
  if (!numbers.ok()) return numbers.status();
  const auto error = reason.empty() ? std::nullopt : std::make_optional(reason);
  return Ids(database_->FailJobs(*numbers, error));
}

absl::StatusOr<std::vector<std::string>> DatabaseBackend::RescheduleJobs(
    const std::vector<std::string>& ids, const client::Reschedule& reschedule) {
  const auto numbers = ToJobIds(ids);
  if (!numbers.ok()) return numbers.status();
  return Ids(database_->RescheduleJobs(*numbers, ToStore(reschedule)));
}

absl::StatusOr<client::Stats> DatabaseBackend::GetStats() {
  const auto counts = database_->CountJobs();
  if (!counts.ok()) return counts.status();
  const auto sessions = database_->ListSessions();
  if (!sessions.ok()) return sessions.status();
  client::Stats stats;
  stats.ready = counts->ready;
  stats.scheduled = counts->scheduled;
  stats.leased = counts->leased;
  stats.failed = counts->failed;
  stats.oldest_ready_run_at = counts->oldest_ready_run_at;
  stats.sessions = static_cast<int64_t>(sessions->size());
  return stats;
}

absl::StatusOr<client::Servers> DatabaseBackend::ListServers() {
  const auto servers = database_->ListServers();
  if (!servers.ok()) return servers.status();
  const auto sessions = database_->ListSessions();
  if (!sessions.ok()) return sessions.status();
  client::Servers shown;
  for (const store::ServerInfo& server : *servers) {
    shown.servers.push_back(FromStore(server));
    shown.connected_sessions += server.streams;
  }
  shown.sessions = static_cast<int64_t>(sessions->size());
  return shown;
}

absl::StatusOr<client::QueuePage> DatabaseBackend::ListQueues(int page_size,
                                                              const std::string& page_token) {
  const int limit = PageSize(page_size);
  const auto queues = database_->ListQueues(page_token, limit);
  if (!queues.ok()) return queues.status();
  client::QueuePage page;
  for (const store::QueueCounts& queue : *queues) {
    page.queues.push_back({.name = queue.name,
                           .jobs = FromStore(queue.jobs),
                           .locked_at = queue.locked_at,
                           .locked_by = queue.locked_by});
  }
  if (static_cast<int>(queues->size()) == limit) page.next_page_token = page.queues.back().name;
  return page;
}

absl::StatusOr<std::vector<client::Task>> DatabaseBackend::ListTasks() {
  const auto tasks = database_->ListTasks(kMostTasks);
  if (!tasks.ok()) return tasks.status();
  const auto sessions = database_->ListSessions();
  if (!sessions.ok()) return sessions.status();
  std::vector<client::Task> shown;
  for (const store::TaskCounts& task : *tasks) {
    const auto serves = [&task](const store::SessionInfo& session) {
      return std::find(session.tasks.begin(), session.tasks.end(), task.name) !=
             session.tasks.end();
    };
    shown.push_back(
        {.name = task.name,
         .jobs = FromStore(task.jobs),
         .executors = static_cast<int>(std::count_if(sessions->begin(), sessions->end(), serves))});
  }
  return shown;
}

absl::StatusOr<std::vector<client::ExecutorInfo>> DatabaseBackend::ListExecutors() {
  const auto sessions = database_->ListSessions();
  if (!sessions.ok()) return sessions.status();
  return Executors(*sessions);
}

absl::StatusOr<std::vector<std::string>> DatabaseBackend::ForceUnlock(
    const std::vector<std::string>& executor_ids) {
  return Ids(database_->ForceUnlock(executor_ids));
}

absl::StatusOr<std::vector<client::ExecutorInfo>> DatabaseBackend::SweepExecutors(
    const client::SweepOptions& options) {
  store::Sweep sweep;
  sweep.threshold = options.threshold.value_or(sweep.threshold);
  sweep.recovery_delay = options.recovery_delay.value_or(sweep.recovery_delay);
  sweep.dry_run = options.dry_run;
  const auto swept = database_->SweepSessions(sweep);
  if (!swept.ok()) return swept.status();
  return Executors(*swept);
}

absl::StatusOr<client::CleanUpPage> DatabaseBackend::CleanUp(absl::Duration unchanged_for,
                                                             const std::string& page_token) {
  store::CleanUpPage page;
  page.unchanged_for = unchanged_for;
  if (!page_token.empty()) {
    const auto after = ToJobId(page_token);
    if (!after.ok()) return after.status();
    page.after = *after;
  }
  const auto cleaned = database_->CleanUp(page);
  if (!cleaned.ok()) return cleaned.status();
  return client::CleanUpPage{
      .deleted = cleaned->deleted,
      .next_page_token = cleaned->last.has_value() ? std::to_string(*cleaned->last) : ""};
}

absl::StatusOr<absl::Time> DatabaseBackend::AdvanceClock(absl::Duration) {
  return absl::FailedPreconditionError(
      "the clock of a database cannot be moved: a server that was started with --ephemeral can, "
      "name it with --server in place of --database-url");
}

absl::StatusOr<client::CronPage> DatabaseBackend::ListCrons(int, const std::string&) {
  return CronsNeedAServer();
}

absl::StatusOr<client::Cron> DatabaseBackend::PutCron(const client::CronSpec&) {
  return CronsNeedAServer();
}

absl::StatusOr<client::AppliedCrontab> DatabaseBackend::ApplyCrontab(const std::string&,
                                                                     const std::string&) {
  return CronsNeedAServer();
}

absl::StatusOr<client::Cron> DatabaseBackend::PauseCron(const std::string&) {
  return CronsNeedAServer();
}

absl::StatusOr<client::Cron> DatabaseBackend::ResumeCron(const std::string&) {
  return CronsNeedAServer();
}

absl::Status DatabaseBackend::RemoveCron(const std::string&) { return CronsNeedAServer(); }

absl::StatusOr<std::string> DatabaseBackend::RunCron(const std::string&) {
  return CronsNeedAServer();
}

}  // namespace leasehold::cli
