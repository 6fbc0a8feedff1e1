#include <cstdint>
#include <optional>
#include <string>

#include "server/store/array_parameter.h"
#include "server/store/execute.h"
#include "server/store/request_hash.h"
#include "server/store/row_reader.h"

namespace leasehold::store {
namespace {

const char* NameOf(JobChange::Kind kind) {
  switch (kind) {
    case JobChange::Kind::kComplete:
      return "complete";
    case JobChange::Kind::kFail:
      return "fail";
    case JobChange::Kind::kReschedule:
      return "reschedule";
    case JobChange::Kind::kUnlock:
      break;
  }
  return "unlock";
}

}  // namespace

absl::StatusOr<ChangeJobsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                         const ChangeJobs& request) {
  const JobChange& change = request.change;
  std::optional<int64_t> run_at;
  if (change.run_at.has_value()) run_at = absl::ToUnixMicros(*change.run_at);
  const auto result = connection.Run(
      sql::kChangeJobs, stamp.epoch, stamp.number, NameOf(change.kind), BigintArray(change.ids),
      change.error, run_at, change.priority, change.attempts, change.max_attempts,
      TextArray(change.executor_ids), IdHash(request.request), BodyHash(request.request));
  if (!result.ok()) return result.status();
  return ChangeJobsAnswer{RowReader(result->front()).BigintArray()};
}

}  // namespace leasehold::store
