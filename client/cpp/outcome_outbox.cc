#include "client/cpp/outcome_outbox.h"

#include <algorithm>
#include <utility>

namespace leasehold::client {
namespace {

constexpr size_t kMaxOutcomes = 4096;

}  // namespace

size_t OutcomeOutbox::size() const {
  size_t outcomes = unsent_.size();
  for (const Frame& frame : frames_) outcomes += frame.handles.size();
  return outcomes;
}

std::optional<v1::Outcome> OutcomeOutbox::TakeUnsent(JobHandle handle) {
  const auto it = std::find_if(unsent_.begin(), unsent_.end(),
                               [&](const FinishedJob& f) { return f.handle == handle; });
  if (it == unsent_.end()) return std::nullopt;
  v1::Outcome outcome = std::move(it->outcome);
  unsent_.erase(it);
  return outcome;
}

FrameToServer OutcomeOutbox::NextFrame(int64_t max_bytes) {
  if (next_frame_ < frames_.size()) return frames_[next_frame_++].message;
  if (unsent_.empty()) return nullptr;

  Frame frame{.message = std::make_shared<v1::LeaseJobsRequest>(), .handles = {}};
  v1::LeaseJobsRequest::Outcomes* outcomes = frame.message->mutable_outcomes();
  outcomes->set_sequence(++last_sequence_);
  int64_t bytes = 0;
  while (!unsent_.empty() && frame.handles.size() < kMaxOutcomes) {
    FinishedJob& finished = unsent_.front();
    bytes += static_cast<int64_t>(finished.outcome.ByteSizeLong());
    if (bytes > max_bytes && !frame.handles.empty()) break;
    frame.handles.push_back(finished.handle);
    outcomes->add_outcomes()->Swap(&finished.outcome);
    unsent_.pop_front();
  }
  frames_.push_back(std::move(frame));
  next_frame_ = frames_.size();
  return frames_.back().message;
}

std::optional<OutcomeOutbox::Frame> OutcomeOutbox::Recorded(int64_t sequence) {
  const auto it = std::find_if(frames_.begin(), frames_.end(), [&](const Frame& f) {
    return f.message->outcomes().sequence() == sequence;
  });
  // A frame that this stream has not carried cannot have been recorded by it.
  if (it == frames_.end() || it - frames_.begin() >= static_cast<ptrdiff_t>(next_frame_)) {
    return std::nullopt;
  }
  Frame recorded = std::move(*it);
  frames_.erase(it);
  --next_frame_;
  return recorded;
}

void OutcomeOutbox::Renumber() {
  Resend();
  last_sequence_ = 0;
  for (Frame& frame : frames_) frame.message->mutable_outcomes()->set_sequence(++last_sequence_);
}

}  // namespace leasehold::client
