#include "server/store/journal.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "server/store/array_parameter.h"
#include "server/store/execute.h"
#include "server/store/job_row.h"

namespace leasehold::store {
namespace {

std::vector<uint64_t> FencingNumbers(RowReader& row) {
  const std::vector<int64_t> numbers = row.BigintArray();
  return {numbers.begin(), numbers.end()};
}

absl::StatusOr<std::vector<RankedJob>> ReadRanked(Connection& connection, std::vector<JobId> ids) {
  auto answer = Execute(connection, ReadJobs{std::move(ids)});
  if (!answer.ok()) return answer.status();
  return std::move(answer->jobs);
}

std::vector<JobId> JobIds(const RecordOutcomes& request) {
  std::vector<JobId> ids;
  for (const auto& end : request.completes) ids.push_back(end.token.job_id);
  for (const auto& update : request.updates) ids.push_back(update.token.job_id);
  return ids;
}

// The jobs of the row whose leases are live, each with the place of its lease.
absl::StatusOr<std::vector<LeaseWindowAnswer::Leased>> ReadLeased(Connection& connection,
                                                                  const LeaseRow& leases) {
  const auto result = connection.Run(sql::kReadLeasedJobs, leases.number);
  if (!result.ok()) return result.status();
  std::vector<LeaseWindowAnswer::Leased> leased;
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    const size_t place = static_cast<size_t>(row.Bigint()) - 1;
    leased.push_back({place, ReadWholeJob(row)});
  }
  return leased;
}

}  // namespace

absl::StatusOr<std::optional<JournalRow>> ReadJournal(Connection& connection,
                                                      const WriteStamp& stamp) {
  const auto result = connection.Run(sql::kReadJournalEntry, stamp.epoch, stamp.number);
  if (!result.ok()) return result.status();
  if (result->empty()) return std::nullopt;
  RowReader columns(result->front());
  JournalRow row;
  row.kind = columns.Text();
  row.answer_ids = columns.BigintArray();
  row.overtaken = columns.BigintArray();
  row.completed = FencingNumbers(columns);
  row.failed = FencingNumbers(columns);
  row.released = FencingNumbers(columns);
  row.unreported = FencingNumbers(columns);
  return row;
}

absl::StatusOr<AddJobsAnswer> Rebuild(Connection&, const JournalRow&, const AddJobs&) {
  return AddJobsAnswer();
}

absl::StatusOr<AddKeyedJobsAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                           const AddKeyedJobs&) {
  auto changed = ReadRanked(connection, row.answer_ids);
  if (!changed.ok()) return changed.status();
  return AddKeyedJobsAnswer{row.answer_ids, *std::move(changed), row.overtaken};
}

absl::StatusOr<RemoveJobAnswer> Rebuild(Connection&, const JournalRow& row,
                                        const RemoveJob& request) {
  if (row.answer_ids.empty()) return NoJobHasKey(request.key);
  return RemoveJobAnswer{row.answer_ids.front(), row.overtaken.empty()};
}

absl::StatusOr<ChangeJobsAnswer> Rebuild(Connection&, const JournalRow& row, const ChangeJobs&) {
  return ChangeJobsAnswer{row.answer_ids};
}

absl::StatusOr<LeaseJobsAnswer> Rebuild(Connection& connection, const JournalRow&,
                                        const LeaseJobs& request) {
  auto leased = ReadLeased(connection, request.leases);
  if (!leased.ok()) return leased.status();
  LeaseJobsAnswer answer;
  for (auto& [place, job] : *leased) answer.leased.push_back(std::move(job));
  return answer;
}

// How far it read is not known any more.
absl::StatusOr<LeaseWindowAnswer> Rebuild(Connection& connection, const JournalRow&,
                                          const LeaseWindow& request) {
  auto leased = ReadLeased(connection, request.leases);
  if (!leased.ok()) return leased.status();
  LeaseWindowAnswer answer;
  answer.leased = *std::move(leased);
  return answer;
}

absl::StatusOr<RecordOutcomesAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                             const RecordOutcomes& request) {
  auto jobs = ReadRanked(connection, JobIds(request));
  if (!jobs.ok()) return jobs.status();
  std::unordered_map<JobId, RankedJob> by_id;
  for (RankedJob& job : *jobs) by_id.emplace(job.id, std::move(job));
  std::unordered_set<uint64_t> kept(row.failed.begin(), row.failed.end());
  kept.insert(row.released.begin(), row.released.end());
  kept.insert(row.unreported.begin(), row.unreported.end());

  RecordOutcomesAnswer answer;
  answer.completed = row.completed;
  // Nobody else has moved it since, so it was locked when its turn came.
  const auto untouched = [&by_id](const LeaseToken& token) {
    const auto job = by_id.find(token.job_id);
    return job != by_id.end() && job->second.activation == token.activation;
  };
  for (const auto& [token] : request.completes) {
    if (untouched(token)) answer.locked.push_back(token.fencing_number);
  }
  for (const RecordOutcomes::Update& update : request.updates) {
    const uint64_t number = update.token.fencing_number;
    const auto job = by_id.find(update.token.job_id);
    if (untouched(update.token)) {
      answer.locked.push_back(number);
    } else if (kept.contains(number) && job != by_id.end()) {
      answer.updated.push_back({number, job->second});
    } else if (kept.contains(number)) {
      // It was recorded, and the job has been deleted since: there is nothing left to rank.
      answer.completed.push_back(number);
    }
  }
  return answer;
}

absl::StatusOr<WriteMissingLeasesAnswer> Rebuild(Connection&, const JournalRow&,
                                                 const WriteMissingLeases&) {
  return WriteMissingLeasesAnswer();
}

absl::StatusOr<ChangeCronsAnswer> Rebuild(Connection&, const JournalRow&, const ChangeCrons&) {
  return ChangeCronsAnswer();
}

// Each answer is the id of a job, or stands for an outcome (sql/statements/run_cron_ticks.sql).
absl::StatusOr<RunCronTicksAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                           const RunCronTicks&) {
  using Outcome = RunCronTicksAnswer::Outcome;
  constexpr Outcome kOthers[] = {Outcome::kSkipped, Outcome::kLocked, Outcome::kRefused,
                                 Outcome::kUntried};
  RunCronTicksAnswer answer;
  std::vector<JobId> added;
  for (const JobId id : row.answer_ids) {
    answer.ticks.push_back({id > 0 ? Outcome::kAdded : kOthers[-id], ""});
    if (id > 0) added.push_back(id);
  }
  auto changed = ReadRanked(connection, std::move(added));
  if (!changed.ok()) return changed.status();
  answer.changed = *std::move(changed);
  return answer;
}

absl::StatusOr<OpenSessionAnswer> Rebuild(Connection&, const JournalRow&, const OpenSession&) {
  return OpenSessionAnswer();
}

absl::StatusOr<EndSessionsAnswer> Rebuild(Connection&, const JournalRow&, const EndSessions&) {
  return EndSessionsAnswer();
}

absl::StatusOr<DeleteInboxAnswer> Rebuild(Connection&, const JournalRow&, const DeleteInbox&) {
  return DeleteInboxAnswer();
}

}  // namespace leasehold::store
