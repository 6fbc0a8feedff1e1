#include "server/store/operator/operator.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "server/base/errors.h"
#include "server/store/array_parameter.h"
#include "server/store/inspect.h"
#include "server/store/job_row.h"
#include "server/store/list_servers.h"
#include "server/store/migrator/migrator.h"
#include "server/store/operator/leaderless.h"
#include "server/store/operator/persist.h"
#include "server/store/row_reader.h"
#include "sql/operator_statements.h"

namespace leasehold::store {
namespace {

// Jobs that one page of a clean-up looks at.
constexpr int kRowsPerCleanUp = 100'000;
// Only a server can move it.
constexpr absl::Duration kClockNotMoved = absl::ZeroDuration();

absl::Status NoSchema(const std::string& schema) {
  return absl::NotFoundError(absl::StrFormat(
      "there is no schema \"%s\" in this database: correct --schema or --database-url, or create "
      "it with leasehold migrate",
      schema));
}

absl::Status CheckSchema(const OperatorOptions& options) {
  MigrateOptions migrate;
  migrate.schema = options.schema;
  const auto report = CheckMigrations(options.database_url, migrate);
  if (!report.ok()) return ForOperators(report.status());
  if (report->newest_before == 0) return NoSchema(options.schema);
  return report->pending.empty() ? absl::OkStatus() : LacksMigrations(options.schema, *report);
}

// As text, which may be NULL.
std::optional<std::string> TimeText(const std::optional<absl::Time>& time) {
  if (!time.has_value()) return std::nullopt;
  if (*time == absl::InfiniteFuture()) return "infinity";
  if (*time == absl::InfinitePast()) return "-infinity";
  return absl::FormatTime("%Y-%m-%d %H:%M:%E6S+00", *time, absl::UTCTimeZone());
}

std::optional<int64_t> Micros(const std::optional<absl::Duration>& duration) {
  if (!duration.has_value()) return std::nullopt;
  return absl::ToInt64Microseconds(*duration);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Operator>> Operator::Open(const OperatorOptions& options) {
  const absl::Status checked = CheckSchema(options);
  if (!checked.ok()) return checked;
  ConnectionOptions connecting;
  connecting.database_url = options.database_url;
  connecting.schema = options.schema;
  connecting.server_id = "command";
  connecting.prepare_on_use = true;
  connecting.more_statements = {sql::kAllOperatorStatements.begin(),
                                sql::kAllOperatorStatements.end()};
  auto connection = Connection::Open(connecting);
  if (!connection.ok()) return ForOperators(connection.status());
  return std::unique_ptr<Operator>(new Operator(options, *std::move(connection)));
}

template <typename Answer>
absl::StatusOr<Answer> Operator::Persist(const std::function<absl::StatusOr<Answer>()>& ask) {
  return PersistUntil(options_.patience, ask);
}

template <typename... Values>
absl::StatusOr<std::vector<JobId>> Operator::ChangedIds(const sql::Statement& statement,
                                                        const Values&... values) {
  return Persist<std::vector<JobId>>([&]() -> absl::StatusOr<std::vector<JobId>> {
    const auto result = connection_->Run(statement, values...);
    if (!result.ok()) return result.status();
    std::vector<JobId> ids;
    for (const pqxx::row& row : *result) ids.push_back(RowReader(row).Bigint());
    return ids;
  });
}

absl::StatusOr<JobId> Operator::AddJob(const NewJob& job) {
  const bool plain = job.metadata == "{}" && job.key_mode != KeyMode::kReject;
  const pqxx::binarystring flags = TextArray(job.flags);
  const auto run_at = TimeText(job.run_at);
  const int64_t delay = absl::ToInt64Microseconds(job.delay);
  const std::string mode = KeyModeName(job.key_mode);
  const auto ids =
      plain ? ChangedIds(sql::kCallAddJob, job.task, job.payload, job.queue_name, run_at, delay,
                         job.max_attempts, job.key, job.priority, flags, mode)
            : ChangedIds(sql::kPutJob, job.task, job.payload, job.queue_name, run_at, delay,
                         job.max_attempts, job.key, job.priority, flags, mode, job.metadata);
  if (absl::IsAlreadyExists(ids.status())) return KeyExists();
  if (!ids.ok()) return ids.status();
  return ids->front();
}

absl::StatusOr<JobId> Operator::RemoveJob(const std::string& key) {
  const auto ids = ChangedIds(sql::kCallRemoveJob, key);
  if (!ids.ok()) return ids.status();
  if (ids->empty()) return JobNotFound("has this key");
  return ids->front();
}

absl::StatusOr<std::vector<JobId>> Operator::CompleteJobs(const std::vector<JobId>& ids) {
  return ChangedIds(sql::kCallCompleteJobs, BigintArray(ids));
}

absl::StatusOr<std::vector<JobId>> Operator::FailJobs(const std::vector<JobId>& ids,
                                                      const std::optional<std::string>& error) {
  return ChangedIds(sql::kCallPermanentlyFailJobs, BigintArray(ids), error);
}

absl::StatusOr<std::vector<JobId>> Operator::RescheduleJobs(const std::vector<JobId>& ids,
                                                            const Rescheduling& change) {
  return ChangedIds(sql::kCallRescheduleJobs, BigintArray(ids), TimeText(change.run_at),
                    Micros(change.delay), change.priority, change.attempts, change.max_attempts);
}

absl::StatusOr<CleanedUp> Operator::CleanUp(const CleanUpPage& page) {
  return Persist<CleanedUp>([&]() -> absl::StatusOr<CleanedUp> {
    const auto result =
        connection_->Run(sql::kCallCleanUp, page.after,
                         absl::ToInt64Microseconds(page.unchanged_for), page.most, kRowsPerCleanUp);
    if (!result.ok()) return result.status();
    RowReader row(result->front());
    CleanedUp cleaned;
    cleaned.deleted = row.Bigint();
    if (!row.IsNull()) cleaned.last = row.Bigint();
    return cleaned;
  });
}

absl::StatusOr<Job> Operator::GetJob(JobId id) {
  return Persist<Job>([&] { return store::GetJob(*connection_, id); });
}

absl::StatusOr<std::vector<Job>> Operator::ListJobs(const JobFilter& filter) {
  return Persist<std::vector<Job>>([&] { return store::ListJobs(*connection_, filter); });
}

absl::StatusOr<JobCounts> Operator::CountJobs() {
  return Persist<JobCounts>([&] { return store::CountJobs(*connection_, kClockNotMoved); });
}

absl::StatusOr<std::vector<QueueCounts>> Operator::ListQueues(const std::string& after, int limit) {
  return Persist<std::vector<QueueCounts>>(
      [&] { return store::ListQueues(*connection_, after, limit, kClockNotMoved); });
}

absl::StatusOr<std::vector<TaskCounts>> Operator::ListTasks(int limit) {
  return Persist<std::vector<TaskCounts>>(
      [&] { return store::ListTasks(*connection_, limit, kClockNotMoved); });
}

absl::StatusOr<std::vector<ServerInfo>> Operator::ListServers() {
  return Persist<std::vector<ServerInfo>>([&] { return store::ListServers(*connection_); });
}

absl::StatusOr<std::vector<SessionInfo>> Operator::ListSessions() {
  return Persist<std::vector<SessionInfo>>([&]() -> absl::StatusOr<std::vector<SessionInfo>> {
    const auto result = connection_->Run(sql::kListSessions);
    if (!result.ok()) return result.status();
    return ReadSessions(*result);
  });
}

absl::StatusOr<absl::Time> Operator::Now() {
  return Persist<absl::Time>([&]() -> absl::StatusOr<absl::Time> {
    const auto result = connection_->Run(sql::kReadNow);
    if (!result.ok()) return result.status();
    return RowReader(result->front()).Time();
  });
}

absl::StatusOr<std::vector<JobId>> Operator::ForceUnlock(
    const std::vector<std::string>& executor_ids) {
  return Persist<std::vector<JobId>>([&] { return UnlockWithoutLeader(options_, executor_ids); });
}

absl::StatusOr<std::vector<SessionInfo>> Operator::SweepSessions(const Sweep& sweep) {
  return Persist<std::vector<SessionInfo>>([&] { return SweepWithoutLeader(options_, sweep); });
}

}  // namespace leasehold::store
