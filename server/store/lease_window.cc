#include <limits>
#include <utility>

#include "server/store/array_parameter.h"
#include "server/store/execute.h"
#include "server/store/job_row.h"
#include "server/store/lease_columns.h"

namespace leasehold::store {

namespace {

// What all jobs of the window have in common is not sent back.
Job ReadJobOfWindow(RowReader& row, const LeaseWindow& request) {
  Job job;
  job.task = request.task;
  job.priority = request.priority;
  ReadColumnsOfWindow(row, job);
  ReadUnrankedColumns(row, job);
  return job;
}

}  // namespace

absl::StatusOr<LeaseWindowAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                          const LeaseWindow& request) {
  const Rank head{request.priority, absl::InfinitePast(), std::numeric_limits<JobId>::min()};
  const Rank after = request.after.value_or(head);
  const int limit = static_cast<int>(request.leases.leases.size());
  const auto result = connection.Run(
      sql::kLeaseWindow, stamp.epoch, stamp.number, request.leases.number, request.task,
      request.priority, TimeParameter(after.run_at), after.id, TimeParameter(request.now), limit,
      TextArray(request.forbidden_flags), LeaseSessions(request.leases),
      LeaseFencingNumbers(request.leases), LeaseSecrets(request.leases));
  if (!result.ok()) return result.status();
  LeaseWindowAnswer answer;
  answer.leased.reserve(result->size());
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    const bool leased = row.Bool();
    Job job = ReadJobOfWindow(row, request);
    answer.last = job.rank();
    if (leased) {
      answer.leased.push_back({answer.leased.size(), std::move(job)});
    } else {
      answer.unleased.push_back(std::move(job));
    }
  }
  answer.complete = static_cast<int>(result->size()) < limit;
  return answer;
}

}  // namespace leasehold::store
