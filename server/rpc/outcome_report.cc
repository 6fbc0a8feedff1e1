#include "server/rpc/outcome_report.h"

#include <cstddef>

#include "server/base/errors.h"

namespace leasehold::rpc {

void OutcomeReport::Add(OutcomeOrProblem outcome) {
  Entry entry;
  if (auto* problem = std::get_if<queue::OutcomeProblem>(&outcome)) {
    entry.problem = std::move(*problem);
  } else {
    entry.token = std::get<Outcome>(outcome).token;
    entry.asked = true;
    outcomes_.push_back(std::move(std::get<Outcome>(outcome)));
  }
  entries_.push_back(std::move(entry));
}

void OutcomeReport::Resolve(const std::vector<OutcomeResult>& results) {
  size_t next = 0;
  for (Entry& entry : entries_) {
    if (!entry.asked) continue;
    if (results[next++] == OutcomeResult::kLeaseLost) {
      entry.problem = LeaseLost(entry.token.Encode());
    }
  }
}

absl::Status OutcomeReport::StatusOfOnlyOne() const {
  if (entries_.size() != 1 || !entries_.front().problem.has_value()) return absl::OkStatus();
  const queue::OutcomeProblem& problem = *entries_.front().problem;
  const bool lost = problem.reason == queue::OutcomeProblem::Reason::kLeaseLost;
  return ErrorWithReason(
      lost ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kInvalidArgument,
      NameOf(problem.reason), problem.message);
}

void OutcomeReport::WriteProblems(google::protobuf::RepeatedPtrField<v1::OutcomeResult>& to) {
  for (Entry& entry : entries_) {
    if (entry.problem.has_value()) *to.Add() = ToProto(*std::move(entry.problem));
  }
}

}  // namespace leasehold::rpc
