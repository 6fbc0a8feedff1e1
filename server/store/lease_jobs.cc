#include <optional>
#include <string>
#include <utility>

#include "server/store/array_parameter.h"
#include "server/store/execute.h"
#include "server/store/job_row.h"
#include "server/store/lease_columns.h"

namespace leasehold::store {
namespace {

std::optional<std::string> FlagsLiteral(const RankedJob& job) {
  if (job.flags.empty()) return std::nullopt;
  return ArrayLiteral(job.flags);
}

// What the row was compared with is not sent back.
Job ReadLeasedJob(const pqxx::row& columns, const LeaseJobs& request) {
  RowReader row(columns);
  Job job;
  static_cast<RankedJob&>(job) = request.jobs[row.Int() - 1];
  job.priority = row.Int();
  job.max_attempts = row.Int();
  job.crashes = row.Int();
  ReadUnrankedColumns(row, job);
  return job;
}

}  // namespace

absl::StatusOr<LeaseJobsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                        const LeaseJobs& request) {
  const auto column = [&request](ElementType type, auto value_of) {
    return ArrayOf(type, request.jobs, value_of);
  };
  const auto result = connection.Run(
      sql::kLeaseJobs, stamp.epoch, stamp.number, request.durable, request.leases.number,
      column(ElementType::kBigint, [](const RankedJob& job) { return job.id; }),
      column(ElementType::kInteger, [](const RankedJob& job) { return job.activation; }),
      column(ElementType::kTimestamptz, [](const RankedJob& job) { return job.run_at; }),
      column(ElementType::kSmallint, [](const RankedJob& job) { return job.attempts; }),
      column(ElementType::kText, [](const RankedJob& job) { return std::string_view(job.task); }),
      column(ElementType::kText, [](const RankedJob& job) { return job.queue_name; }),
      column(ElementType::kText, FlagsLiteral), LeaseSessions(request.leases),
      LeaseFencingNumbers(request.leases), LeaseSecrets(request.leases));
  if (!result.ok()) return result.status();
  LeaseJobsAnswer answer;
  answer.leased.reserve(result->size());
  for (const pqxx::row& columns : *result) answer.leased.push_back(ReadLeasedJob(columns, request));
  return answer;
}

absl::StatusOr<WriteMissingLeasesAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                                 const WriteMissingLeases& request) {
  LeaseRow all;
  std::vector<int64_t> numbers;
  for (const LeaseRow& row : request.rows) {
    numbers.insert(numbers.end(), row.leases.size(), row.number);
    all.leases.insert(all.leases.end(), row.leases.begin(), row.leases.end());
  }
  const auto result = connection.Run(
      sql::kWriteMissingLeases, stamp.epoch, stamp.number, BigintArray(numbers), LeaseJobIds(all),
      LeaseActivations(all), LeaseSessions(all), LeaseFencingNumbers(all), LeaseSecrets(all));
  if (!result.ok()) return result.status();
  return WriteMissingLeasesAnswer();
}

}  // namespace leasehold::store
