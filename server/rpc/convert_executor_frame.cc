#include "server/rpc/convert_executor_frame.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/base/errors.h"
#include "server/rpc/convert_new_job.h"
#include "server/rpc/convert_outcome.h"
#include "server/rpc/limits.h"
#include "server/rpc/text.h"
#include "server/rpc/violations.h"

namespace leasehold::rpc {
namespace {

using Strings = google::protobuf::RepeatedPtrField<std::string>;
using Frame = v1::LeaseJobsRequest;

absl::Status Breach(std::string_view message) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, "PROTOCOL_BREACH", message);
}

std::vector<std::string> Take(Strings& strings) {
  return {std::make_move_iterator(strings.begin()), std::make_move_iterator(strings.end())};
}

queue::WindowFrame WindowFromProto(const FieldPath& field, const Frame::Window& window,
                                   Violations& violations) {
  if (window.jobs() < 0 || window.jobs() > kMaxWindowJobs) {
    violations.Add(field.Field("jobs"),
                   absl::StrFormat("must be 0 to %d, not %d", kMaxWindowJobs, window.jobs()));
  }
  if (window.bytes() < 0) violations.Add(field.Field("bytes"), "must not be negative");
  queue::WindowFrame frame;
  frame.jobs = window.jobs();
  if (window.bytes() > 0) frame.bytes = std::min(window.bytes(), kMaxWindowBytes);
  return frame;
}

// The tokens that can be read; the others are nobody's and go to `unreadable`, if it is given.
std::vector<LeaseToken> TokensFromProto(const FieldPath& field, Strings& texts,
                                        std::vector<std::string>* unreadable,
                                        Violations& violations) {
  std::vector<LeaseToken> tokens;
  if (texts.size() > kMaxTokensPerFrame) {
    violations.Add(field, absl::StrFormat("must have at most %d tokens, not %d", kMaxTokensPerFrame,
                                          texts.size()));
    return tokens;
  }
  tokens.reserve(texts.size());
  for (std::string& text : texts) {
    if (const auto token = LeaseToken::Parse(text)) {
      tokens.push_back(*token);
    } else if (unreadable != nullptr) {
      unreadable->push_back(std::move(text));
    }
  }
  return tokens;
}

queue::OutcomesFrame OutcomesFromProto(Frame::Outcomes& outcomes, int64_t payload_limit,
                                       Violations& violations) {
  const FieldPath field{nullptr, "outcomes"};
  queue::OutcomesFrame frame;
  frame.sequence = outcomes.sequence();
  if (frame.sequence < 0) violations.Add(field.Field("sequence"), "must not be negative");
  if (outcomes.outcomes_size() > kMaxOutcomesPerFrame) {
    violations.Add(field.Field("outcomes"),
                   absl::StrFormat("must have at most %d elements, not %d", kMaxOutcomesPerFrame,
                                   outcomes.outcomes_size()));
    return frame;
  }
  frame.outcomes.reserve(outcomes.outcomes_size());
  for (v1::Outcome& outcome : *outcomes.mutable_outcomes()) {
    OutcomeOrProblem converted = FromProto(outcome, payload_limit);
    if (auto* problem = std::get_if<queue::OutcomeProblem>(&converted)) {
      frame.problems.push_back(std::move(*problem));
    } else {
      frame.outcomes.push_back(std::move(std::get<Outcome>(converted)));
    }
  }
  return frame;
}

void CheckOpen(const FieldPath& field, const Frame::Open& open, Violations& violations) {
  CheckText(field.Field("executor_name"), open.executor_name(), {}, violations);
  CheckText(field.Field("session_id"), open.session_id(), {.min = 0, .max = 128}, violations);
  CheckText(field.Field("sdk_name"), open.sdk_name(), {.min = 0, .max = 128}, violations);
  CheckText(field.Field("sdk_version"), open.sdk_version(), {.min = 0, .max = 128}, violations);
  if (open.tasks().empty()) violations.Add(field.Field("tasks"), "must have at least one task");
  CheckNames(field, "tasks", open.tasks(), kMaxTasks, violations);
  CheckNames(field, "forbidden_flags", open.forbidden_flags(), kMaxFlags, violations);
}

void ConvertBody(Frame& frame, int64_t payload_limit, queue::ExecutorFrame& to,
                 Violations& violations) {
  switch (frame.frame_case()) {
    case Frame::kWindow:
      to.frame = WindowFromProto({nullptr, "window"}, frame.window(), violations);
      break;
    case Frame::kStarted:
      to.frame = queue::StartedFrame{
          TokensFromProto({nullptr, "started"}, *frame.mutable_started()->mutable_lease_tokens(),
                          nullptr, violations)};
      break;
    case Frame::kOutcomes:
      to.frame = OutcomesFromProto(*frame.mutable_outcomes(), payload_limit, violations);
      break;
    case Frame::kRelease:
      to.frame = queue::ReleaseFrame{
          TokensFromProto({nullptr, "release"}, *frame.mutable_release()->mutable_lease_tokens(),
                          nullptr, violations)};
      break;
    case Frame::kDrain:
      to.frame = queue::DrainFrame{};
      break;
    case Frame::kOpen:
    case Frame::kHeartbeat:
    case Frame::FRAME_NOT_SET:
      to.frame = queue::HeartbeatFrame{};
      break;
  }
}

}  // namespace

absl::StatusOr<queue::OpenFrame> OpenFromProto(v1::LeaseJobsRequest& frame) {
  if (!frame.has_open()) return Breach("the first frame of a stream must be open");
  Frame::Open& open = *frame.mutable_open();

  Violations violations;
  const FieldPath field{nullptr, "open"};
  CheckOpen(field, open, violations);
  queue::OpenFrame to;
  to.window = WindowFromProto(field.Field("window"), open.window(), violations);
  to.held = TokensFromProto(field.Field("held_tokens"), *open.mutable_held_tokens(),
                            &to.unreadable_tokens, violations);
  if (!violations.empty()) return violations.ToStatus();

  to.executor_name = std::move(*open.mutable_executor_name());
  to.session_id = std::move(*open.mutable_session_id());
  to.tasks = Take(*open.mutable_tasks());
  to.forbidden_flags = Take(*open.mutable_forbidden_flags());
  to.once = open.once();
  to.epoch = open.epoch();
  return to;
}

absl::StatusOr<queue::ExecutorFrame> FrameFromProto(v1::LeaseJobsRequest& frame,
                                                    int64_t payload_limit) {
  if (frame.has_open()) return Breach("open must be the first frame of a stream, and the only one");
  Violations violations;
  queue::ExecutorFrame to;
  to.received_sequence = frame.received_sequence();
  if (to.received_sequence < 0) {
    violations.Add({nullptr, "received_sequence"}, "must not be negative");
  }
  ConvertBody(frame, payload_limit, to, violations);
  if (!violations.empty()) return violations.ToStatus();
  return to;
}

}  // namespace leasehold::rpc
