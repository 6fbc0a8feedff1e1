#include "tests/conformance/conduct.h"

#include <algorithm>

#include "tests/conformance/rule.h"

namespace leasehold::conformance {
namespace {

constexpr int kLongestName = 128;
constexpr int kMaxWindow = 100'000;

}  // namespace

void Conduct::OnOpened(int stream, const std::string& session) {
  MutexLock lock(mutex_);
  streams_[stream].session = session;
  sessions_.try_emplace(session);
}

void Conduct::OnJobs(int stream, const v1::LeaseJobsResponse::Jobs& jobs) {
  MutexLock lock(mutex_);
  streams_[stream].sent_sequence = jobs.sequence();
  for (const v1::LeasedJob& job : jobs.jobs()) {
    // One that is delivered again has its receipt already.
    if (!known_.insert(job.lease_token()).second) continue;
    streams_[stream].brought.emplace(job.lease_token(), jobs.sequence());
  }
}

void Conduct::OnRefused(const std::string& token) {
  MutexLock lock(mutex_);
  for (auto& [name, session] : sessions_) session.reported.erase(token);
}

void Conduct::OnFrame(int stream_number, const v1::LeaseJobsRequest& frame) {
  MutexLock lock(mutex_);
  Stream& stream = streams_[stream_number];
  const bool first = !stream.any_frame;
  stream.any_frame = true;
  if (static_cast<int64_t>(frame.ByteSizeLong()) > kFrameLimit) {
    Fault("a frame of %d bytes: no server takes more than `frame_limit`, %d", frame.ByteSizeLong(),
          kFrameLimit);
  }
  if (frame.has_open() != first) Fault("`open` must be the first frame, and only that");
  if (frame.has_open()) return OnOpen(frame);
  if (frame.received_sequence() > stream.sent_sequence) {
    Fault("received_sequence %d was never sent on this stream", frame.received_sequence());
  }
  if (frame.received_sequence() < stream.received_sequence) {
    Fault("received_sequence went back from %d to %d", stream.received_sequence,
          frame.received_sequence());
  }
  stream.received_sequence = std::max<int64_t>(stream.received_sequence, frame.received_sequence());
  for (const std::string& token : frame.started().lease_tokens()) {
    OnToken(stream, token, "started");
    started_.insert(token);
  }
  for (const std::string& token : frame.release().lease_tokens()) {
    OnToken(stream, token, "release");
    if (started_.contains(token)) {
      Fault("`release` names %s, which has started: only an outcome ends it", token);
    }
  }
  for (const v1::Outcome& outcome : frame.outcomes().outcomes()) {
    OnToken(stream, outcome.lease_token(), "outcomes");
  }
  if (frame.has_window() && (frame.window().jobs() < 0 || frame.window().jobs() > kMaxWindow)) {
    Fault("a window of %d jobs", frame.window().jobs());
  }
  if (frame.has_outcomes()) OnOutcomes(sessions_[stream.session], frame.outcomes());
}

void Conduct::OnOpen(const v1::LeaseJobsRequest& frame) {
  const v1::LeaseJobsRequest::Open& open = frame.open();
  const auto size = static_cast<int>(open.executor_name().size());
  if (size < 1 || size > kLongestName) Fault("an executor's name of %d characters", size);
  if (open.tasks().empty()) Fault("`open` names no task");
  if (frame.received_sequence() != 0) Fault("`open` acknowledges jobs of another stream");
  for (const std::string& token : open.held_tokens()) {
    if (!known_.contains(token)) Fault("`open` holds %s, which was never leased to it", token);
  }
}

void Conduct::OnToken(const Stream& stream, const std::string& token, const char* frame) {
  if (!known_.contains(token)) Fault("`%s` names %s, which was never leased to it", frame, token);
  const auto brought = stream.brought.find(token);
  if (brought != stream.brought.end() && stream.received_sequence < brought->second) {
    Fault("`%s` names %s before the receipt of its `jobs` frame", frame, token);
  }
}

void Conduct::OnOutcomes(Session& session, const v1::LeaseJobsRequest::Outcomes& outcomes) {
  const int64_t sequence = outcomes.sequence();
  const std::string bytes = outcomes.SerializeAsString();
  if (sequence < 1 || sequence > session.last_sequence + 1) {
    return Fault("outcomes #%d come after #%d: they are numbered from 1 in each session", sequence,
                 session.last_sequence);
  }
  if (sequence <= session.last_sequence) {
    if (session.frames[sequence] != bytes) Fault("outcomes #%d came with others before", sequence);
    return;
  }
  session.last_sequence = sequence;
  session.frames[sequence] = bytes;
  for (const v1::Outcome& outcome : outcomes.outcomes()) {
    if (outcome.result_case() == v1::Outcome::RESULT_NOT_SET) {
      Fault("the outcome of %s says nothing", outcome.lease_token());
    }
    const auto [before, added] = session.reported.emplace(outcome.lease_token(), sequence);
    if (!added) {
      Fault("outcomes #%d and #%d both end %s", before->second, sequence, outcome.lease_token());
    }
  }
}

std::vector<std::string> Conduct::Faults() const {
  MutexLock lock(mutex_);
  return faults_;
}

template <typename... Values>
void Conduct::Fault(const absl::FormatSpec<Values...>& format, const Values&... values) {
  faults_.push_back(absl::StrFormat(format, values...));
  Trace::Note("a fault: " + faults_.back());
}

}  // namespace leasehold::conformance
