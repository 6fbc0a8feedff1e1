#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "leasehold/v1/executor_service.pb.h"
#include "server/job/outcome.h"
#include "server/queue/frames.h"
#include "server/rpc/convert_outcome.h"

namespace leasehold::rpc {

// The outcomes of one unary call on their way to the queue and back: those that can be read go in,
// and every one that is not plain OK comes out, in the order of the request.
class OutcomeReport {
 public:
  void Add(OutcomeOrProblem outcome);

  // What to ask the queue; may be empty. Call once.
  std::vector<Outcome> TakeOutcomes() { return std::move(outcomes_); }

  // `results` are the queue's, one for each outcome taken.
  void Resolve(const std::vector<OutcomeResult>& results);

  // A call about one lease fails as that lease does.
  absl::Status StatusOfOnlyOne() const;

  void WriteProblems(google::protobuf::RepeatedPtrField<v1::OutcomeResult>& to);

 private:
  struct Entry {
    LeaseToken token;
    bool asked = false;  // of the queue
    std::optional<queue::OutcomeProblem> problem;
  };

  std::vector<Entry> entries_;
  std::vector<Outcome> outcomes_;
};

}  // namespace leasehold::rpc
