#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "client/cpp/session_machine.h"

// SessionMachine: which frame goes next.
namespace leasehold::client {
namespace {

// Keeps receipts and heartbeats from waiting behind one long frame.
constexpr int64_t kMaxFrameBytes = 1 << 20;

FrameToServer NewFrame() { return std::make_shared<v1::LeaseJobsRequest>(); }

}  // namespace

void SessionMachine::Flush(absl::Time now) {
  if (phase_ == Phase::kEnded) return;
  if (idle_ && options_.once && leases_.empty() && !leaving()) BeginStop(absl::OkStatus(), now);
  if (prefetch_.Adapt(now) && stream_.open && !leaving() && !paused_) stream_.window_changed = true;
  if (stream_.open && !stream_.writing && phase_ != Phase::kClosing) WriteNext(now);
  OfferMore();
  if (stream_.open && offered_ < options_.concurrency) prefetch_.HandlersRanDry();
  CheckLeft(now);
}

bool SessionMachine::WriteNext(absl::Time now) {
  if (WriteWindowOrDrain(now) || WriteReleased(now)) return true;
  // Outcomes go first, since most jobs end before their start is told; but only once, so that the
  // start of a long one is told under any load.
  if (stream_.started_first && WriteStarted(now)) return true;
  if (WriteOutcomes(now)) {
    stream_.started_first = !stream_.started.empty();
    return true;
  }
  return WriteStarted(now) || WriteHeartbeat(now);
}

bool SessionMachine::WriteWindowOrDrain(absl::Time now) {
  if (!stream_.window_changed && !stream_.drain_wanted) return false;
  FrameToServer frame = NewFrame();
  if (std::exchange(stream_.window_changed, false)) {
    frame->mutable_window()->set_jobs(Window());
  } else {
    stream_.drain_wanted = false;
    frame->mutable_drain();
  }
  Write(std::move(frame), now);
  return true;
}

bool SessionMachine::WriteReleased(absl::Time now) {
  if (stream_.released.empty()) return false;
  FrameToServer frame = NewFrame();
  for (std::string& token : stream_.released) {
    frame->mutable_release()->add_lease_tokens(std::move(token));
  }
  stream_.released.clear();
  Write(std::move(frame), now);
  return true;
}

bool SessionMachine::WriteStarted(absl::Time now) {
  stream_.started_first = false;
  const bool free = !leaving() && offered_ < options_.concurrency && leases_.AnyWaiting();
  if (stream_.started.empty() && !free) return false;
  FrameToServer frame = NewFrame();
  const auto announce = [&](Lease& lease) {
    lease.announced = true;
    frame->mutable_started()->add_lease_tokens(lease.token());
  };
  for (const JobHandle handle : std::exchange(stream_.started, {})) {
    Lease* lease = leases_.Find(handle);
    if (lease != nullptr && lease->state == LeaseState::kStarted) announce(*lease);
  }
  RunJobs run;
  while (free && offered_ < options_.concurrency && leases_.AnyWaiting()) {
    std::optional<HeldJob> job = leases_.TakeWaiting(LeaseState::kStarted);
    announce(*leases_.Find(job->handle));
    job->announced = true;
    run.jobs.push_back(std::move(*job));
    ++offered_;
  }
  if (!frame->has_started()) return false;
  Write(std::move(frame), now);
  if (!run.jobs.empty()) actions_.emplace_back(std::move(run));
  return true;
}

bool SessionMachine::WriteOutcomes(absl::Time now) {
  const int64_t bound =
      frame_limit_ > 0 ? std::min(kMaxFrameBytes, frame_limit_ / 2) : kMaxFrameBytes;
  FrameToServer frame = outbox_.NextFrame(bound);
  if (frame == nullptr) return false;
  Write(std::move(frame), now);
  return true;
}

bool SessionMachine::WriteHeartbeat(absl::Time now) {
  if (!stream_.reply_wanted && now < stream_.receipt_due && now < NextHeartbeat()) return false;
  FrameToServer frame = NewFrame();
  frame->mutable_heartbeat();
  Write(std::move(frame), now);
  return true;
}

void SessionMachine::Write(FrameToServer frame, absl::Time now) {
  frame->set_received_sequence(stream_.received_sequence);
  stream_.acknowledged_sequence = stream_.received_sequence;
  stream_.receipt_due = absl::InfiniteFuture();
  stream_.reply_wanted = false;
  stream_.last_written = now;
  stream_.writing = true;
  actions_.emplace_back(WriteFrame{.stream = stream_.id, .frame = std::move(frame)});
}

absl::Time SessionMachine::NextHeartbeat() const {
  return stream_.last_written + 0.95 * heartbeat_interval_;
}

}  // namespace leasehold::client
