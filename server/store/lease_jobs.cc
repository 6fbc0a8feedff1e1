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
  return LeaseJobsAnswer{ReadWholeJobs(*result)};
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
