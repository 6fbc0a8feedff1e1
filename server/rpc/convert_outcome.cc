#include "server/rpc/convert_outcome.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "server/rpc/convert_new_job.h"
#include "server/rpc/convert_time.h"
#include "server/rpc/limits.h"
#include "server/rpc/text.h"
#include "server/rpc/violations.h"

namespace leasehold::rpc {
namespace {

using Reason = queue::OutcomeProblem::Reason;

// Ours have 38 characters. A longer one is nobody's, and is told back cut: an answer must not
// outgrow its question.
constexpr size_t kShownTokenBytes = 128;

queue::OutcomeProblem Problem(std::string token, Reason reason, std::string message) {
  return {.token = CutToValidUtf8(std::move(token), kShownTokenBytes),
          .reason = reason,
          .message = std::move(message)};
}

OutcomeOrProblem InvalidToken(std::string token) {
  return Problem(std::move(token), Reason::kInvalidToken, "is no lease token of this server");
}

OutcomeOrProblem InvalidOutcome(std::string token, std::string message) {
  return Problem(std::move(token), Reason::kInvalidOutcome, std::move(message));
}

Outcome OutcomeOf(const LeaseToken& token, OutcomeKind kind) {
  Outcome outcome;
  outcome.token = token;
  outcome.kind = kind;
  return outcome;
}

OutcomeOrProblem ReleaseFromProto(std::string token, const v1::Outcome::Release& release) {
  const std::optional<LeaseToken> parsed = LeaseToken::Parse(token);
  if (!parsed.has_value()) return InvalidToken(std::move(token));

  Outcome outcome = OutcomeOf(*parsed, OutcomeKind::kRelease);
  if (release.has_delay()) {
    Violations violations;
    outcome.delay = FromProto({nullptr, "delay"}, release.delay(), kMaxRetryDelay, violations);
    if (!violations.empty()) return InvalidOutcome(std::move(token), violations.message());
  }
  return outcome;
}

}  // namespace

OutcomeOrProblem CompletionFromProto(std::string token) {
  const std::optional<LeaseToken> parsed = LeaseToken::Parse(token);
  if (!parsed.has_value()) return InvalidToken(std::move(token));
  return OutcomeOf(*parsed, OutcomeKind::kComplete);
}

OutcomeOrProblem FailureFromProto(std::string token, v1::Outcome::Fail& fail,
                                  int64_t payload_limit) {
  const std::optional<LeaseToken> parsed = LeaseToken::Parse(token);
  if (!parsed.has_value()) return InvalidToken(std::move(token));

  Violations violations;
  Outcome outcome = OutcomeOf(*parsed, OutcomeKind::kFail);
  outcome.permanent = fail.permanent();
  if (fail.has_retry_after()) {
    outcome.delay =
        FromProto({nullptr, "retry_after"}, fail.retry_after(), kMaxRetryDelay, violations);
  }
  if (fail.has_payload()) {
    CheckPayload({nullptr, "payload"}, fail.payload(), payload_limit, violations);
    outcome.payload = std::move(*fail.mutable_payload());
  }
  if (!violations.empty()) return InvalidOutcome(std::move(token), violations.message());
  outcome.error = CleanError(std::move(*fail.mutable_error()));
  return outcome;
}

OutcomeOrProblem FromProto(v1::Outcome& outcome, int64_t payload_limit) {
  std::string token = std::move(*outcome.mutable_lease_token());
  switch (outcome.result_case()) {
    case v1::Outcome::kComplete:
      return CompletionFromProto(std::move(token));
    case v1::Outcome::kFail:
      return FailureFromProto(std::move(token), *outcome.mutable_fail(), payload_limit);
    case v1::Outcome::kRelease:
      return ReleaseFromProto(std::move(token), outcome.release());
    case v1::Outcome::RESULT_NOT_SET:
      break;
  }
  return InvalidOutcome(std::move(token), "has no result: complete, fail or release");
}

v1::OutcomeResult ToProto(queue::OutcomeProblem problem) {
  v1::OutcomeResult result;
  result.set_lease_token(std::move(problem.token));
  result.set_code(static_cast<int>(problem.reason == Reason::kLeaseLost
                                       ? absl::StatusCode::kFailedPrecondition
                                       : absl::StatusCode::kInvalidArgument));
  result.set_reason(NameOf(problem.reason));
  result.set_message(std::move(problem.message));
  return result;
}

queue::OutcomeProblem LeaseLost(std::string token) {
  return Problem(std::move(token), Reason::kLeaseLost,
                 "the lease has ended: another run of the job may be under way");
}

const char* NameOf(Reason reason) {
  switch (reason) {
    case Reason::kLeaseLost:
      return "LEASE_LOST";
    case Reason::kInvalidToken:
      return "INVALID_TOKEN";
    case Reason::kInvalidOutcome:
      return "INVALID_OUTCOME";
  }
  return "";
}

}  // namespace leasehold::rpc
