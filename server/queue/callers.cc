#include "server/queue/callers.h"

#include "server/base/errors.h"

namespace leasehold::queue {

bool Callers::Accept(CallId call, Kind kind, const std::optional<RequestKey>& request,
                     const absl::Status& refusal) {
  if (request.has_value()) {
    const RequestLog::Seen seen = core_.requests.See(*request, call);
    if (seen.verdict != RequestLog::Verdict::kNew) {
      ++core_.totals.repeated_requests;
      if (seen.verdict == RequestLog::Verdict::kAnswered) Tell(call, kind, seen.ids);
      if (seen.verdict == RequestLog::Verdict::kReused) Tell(call, kind, RequestIdReused());
      return false;
    }
  }
  if (refusal.ok()) return true;
  if (request.has_value()) core_.requests.GaveUp(*request);
  Tell(call, kind, refusal);
  return false;
}

void Callers::Answer(CallId call, Kind kind, const std::optional<RequestKey>& request,
                     const absl::StatusOr<std::vector<JobId>>& ids) {
  Tell(call, kind, ids);
  if (!request.has_value()) return;
  const std::vector<CallId> repeated = ids.ok()
                                           ? core_.requests.Answered(*request, *ids, core_.real_now)
                                           : core_.requests.GaveUp(*request);
  // They came with the same body, which names the method: they are calls of the same kind.
  for (const CallId again : repeated) Tell(again, kind, ids);
}

void Callers::Tell(CallId call, Kind kind, const absl::StatusOr<std::vector<JobId>>& ids) {
  if (kind == Kind::kAdd) {
    core_.effects.push_back(AnswerAddJobs{call, ids});
  } else if (kind == Kind::kChange) {
    core_.effects.push_back(AnswerChangeJobs{call, ids});
  } else if (ids.ok()) {
    core_.effects.push_back(AnswerRemoveJob{call, ids->front()});
  } else {
    core_.effects.push_back(AnswerRemoveJob{call, ids.status()});
  }
}

absl::Status Callers::StatusFor(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return DatabaseAway();
  if (absl::IsFailedPrecondition(status)) return NoLeader();
  if (absl::IsResourceExhausted(status) || absl::IsDeadlineExceeded(status)) {
    // Nothing was done, and it is no fault of the caller's.
    return RetryableError(absl::StatusCode::kUnavailable, "DATABASE_BUSY",
                          "the database has no room or no time for this now", absl::Seconds(1));
  }
  return status;
}

}  // namespace leasehold::queue
