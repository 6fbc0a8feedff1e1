#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "leasehold/v1/executor_service.pb.h"
#include "server/job/outcome.h"
#include "server/queue/frames.h"

namespace leasehold::rpc {

using OutcomeOrProblem = std::variant<Outcome, queue::OutcomeProblem>;

// Both move what they can out of their argument.
OutcomeOrProblem FromProto(v1::Outcome& outcome, int64_t payload_limit);
OutcomeOrProblem FailureFromProto(std::string token, v1::Outcome::Fail& fail,
                                  int64_t payload_limit);
OutcomeOrProblem CompletionFromProto(std::string token);

v1::OutcomeResult ToProto(queue::OutcomeProblem problem);

// What its reporter is told of a lease that was lost.
queue::OutcomeProblem LeaseLost(std::string token);

// The reason as it stands in OutcomeResult.reason and ErrorInfo.reason.
const char* NameOf(queue::OutcomeProblem::Reason reason);

}  // namespace leasehold::rpc
