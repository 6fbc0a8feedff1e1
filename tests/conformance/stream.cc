#include "tests/conformance/stream.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace leasehold::conformance {
namespace {

// A server's come a little more often than its interval.
constexpr double kBeatsEarlier = 0.8;

void SetDuration(absl::Duration duration, google::protobuf::Duration& proto) {
  const int64_t nanos = absl::ToInt64Nanoseconds(duration);
  proto.set_seconds(nanos / 1'000'000'000);
  proto.set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
}

}  // namespace

Stream::Stream(int number, Conduct& conduct, std::function<void()> on_open)
    : number_(number), conduct_(conduct), on_open_(std::move(on_open)) {}

void Stream::Begin() {
  self_ = shared_from_this();
  StartRead(&incoming_);
}

void Stream::OnReadDone(bool ok) {
  if (!ok) return OnEnded(Way::kHalfClosed);
  Trace::Note(absl::StrFormat("stream %d  <- %s", number_, Describe(incoming_)));
  conduct_.OnFrame(number_, incoming_);
  const bool open = incoming_.has_open();
  // Before the case sees the outcomes: it may end the stream at once.
  if (incoming_.has_outcomes() && RecordsItself()) SendRecorded(incoming_.outcomes().sequence());
  {
    MutexLock lock(mutex_);
    frames_.push_back({std::move(incoming_), absl::Now()});
    changed_.notify_all();
  }
  incoming_ = {};
  if (open) on_open_();
  StartRead(&incoming_);
}

bool Stream::RecordsItself() const {
  MutexLock lock(mutex_);
  return answered_ && terms_.records;
}

void Stream::OnEnded(Way way) {
  {
    MutexLock lock(mutex_);
    if (!std::exchange(closed_, true) && !end_.has_value()) {
      Trace::Note(absl::StrFormat(
          "stream %d  the executor %s", number_,
          way == Way::kHalfClosed ? "closes it or its connection breaks" : "cancels it"));
    }
    if (!end_.has_value()) end_ = grpc::Status::OK;
    changed_.notify_all();
  }
  Advance();
}

void Stream::OnWriteDone(bool ok) {
  {
    MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) outbox_.clear();
  }
  Advance();
}

void Stream::OnCancel() { OnEnded(Way::kCancelled); }

void Stream::OnDone() { const std::shared_ptr<Stream> last = std::move(self_); }

void Stream::Advance() {
  // Decided under the lock, done after it: gRPC may call back at once.
  std::optional<grpc::Status> status;
  {
    MutexLock lock(mutex_);
    if (writing_ || finished_) return;
    if (!outbox_.empty()) {
      writing_ = true;
      outgoing_ = std::move(outbox_.front());
      outbox_.pop_front();
    } else if (end_.has_value()) {
      finished_ = true;
      status = end_;
    } else {
      return;
    }
  }
  if (status.has_value()) return Finish(*status);
  StartWrite(&outgoing_);
}

void Stream::Push(v1::LeaseJobsResponse frame) {
  Trace::Note(absl::StrFormat("stream %d  -> %s", number_, Describe(frame)));
  {
    MutexLock lock(mutex_);
    if (end_.has_value()) return;
    outbox_.push_back(std::move(frame));
  }
  Advance();
}

void Stream::Answer(const Opened& opened) {
  v1::LeaseJobsResponse frame;
  frame.set_epoch(opened.epoch);
  v1::LeaseJobsResponse::Opened& answer = *frame.mutable_opened();
  answer.set_session_id(opened.session);
  answer.set_executor_id("conformance-1");
  answer.set_resumed(opened.resumed);
  answer.mutable_resumed_tokens()->Assign(opened.resumed_tokens.begin(),
                                          opened.resumed_tokens.end());
  answer.mutable_lost_tokens()->Assign(opened.lost_tokens.begin(), opened.lost_tokens.end());
  SetDuration(opened.heartbeat_interval, *answer.mutable_heartbeat_interval());
  SetDuration(opened.session_timeout, *answer.mutable_session_timeout());
  answer.set_payload_limit(1 << 20);
  answer.set_frame_limit(Conduct::kFrameLimit);
  answer.set_server_version("0.0.0");
  answer.mutable_addresses()->Assign(opened.addresses.begin(), opened.addresses.end());
  conduct_.OnOpened(number_, opened.session);
  {
    MutexLock lock(mutex_);
    terms_ = opened;
    answered_ = true;
    if (opened.beats) next_beat_ = absl::Now() + kBeatsEarlier * opened.heartbeat_interval;
  }
  Push(std::move(frame));
}

int64_t Stream::SendJobs(const std::vector<Job>& jobs) {
  v1::LeaseJobsResponse frame;
  {
    MutexLock lock(mutex_);
    frame.set_epoch(terms_.epoch);
    frame.mutable_jobs()->set_sequence(++jobs_sequence_);
  }
  for (const Job& job : jobs) {
    v1::LeasedJob& leased = *frame.mutable_jobs()->add_jobs();
    leased.set_id(job.id);
    leased.set_lease_token("t" + job.id);
    leased.set_fencing_number(42);
    leased.set_task(job.task);
    leased.set_payload(job.payload);
    leased.set_attempt(1);
    leased.set_max_attempts(25);
    leased.mutable_run_at()->set_seconds(1'700'000'000);
    leased.mutable_created_at()->set_seconds(1'700'000'000);
  }
  conduct_.OnJobs(number_, frame.jobs());
  const int64_t sequence = frame.jobs().sequence();
  Push(std::move(frame));
  return sequence;
}

void Stream::Send(v1::LeaseJobsResponse frame) { Push(std::move(frame)); }

void Stream::SendRecorded(int64_t sequence) {
  v1::LeaseJobsResponse frame;
  frame.mutable_recorded()->set_sequence(sequence);
  Push(std::move(frame));
}

void Stream::SendRefused(int64_t sequence, const std::string& token, const std::string& reason) {
  conduct_.OnRefused(token);
  v1::LeaseJobsResponse frame;
  frame.mutable_recorded()->set_sequence(sequence);
  v1::OutcomeResult& result = *frame.mutable_recorded()->add_results();
  result.set_lease_token(token);
  result.set_code(reason == "LEASE_LOST" ? grpc::StatusCode::FAILED_PRECONDITION
                                         : grpc::StatusCode::INVALID_ARGUMENT);
  result.set_reason(reason);
  result.set_message("the script says so");
  Push(std::move(frame));
}

void Stream::SendRecall(const Tokens& tokens) {
  v1::LeaseJobsResponse frame;
  frame.mutable_recall()->mutable_lease_tokens()->Assign(tokens.begin(), tokens.end());
  Push(std::move(frame));
}

void Stream::SendRevoke(const Tokens& tokens) {
  v1::LeaseJobsResponse frame;
  {
    MutexLock lock(mutex_);
    frame.set_epoch(terms_.epoch);
  }
  frame.mutable_revoke()->mutable_lease_tokens()->Assign(tokens.begin(), tokens.end());
  frame.mutable_revoke()->set_reason("the script revokes it");
  Push(std::move(frame));
}

void Stream::SendCancel(const Tokens& tokens) {
  v1::LeaseJobsResponse frame;
  frame.mutable_cancel()->mutable_lease_tokens()->Assign(tokens.begin(), tokens.end());
  frame.mutable_cancel()->set_reason("the script cancels it");
  Push(std::move(frame));
}

void Stream::SendHandover(const std::vector<std::string>& addresses) {
  v1::LeaseJobsResponse frame;
  {
    MutexLock lock(mutex_);
    frame.set_epoch(terms_.epoch);
  }
  v1::LeaseJobsResponse::Handover& handover = *frame.mutable_handover();
  handover.mutable_addresses()->Assign(addresses.begin(), addresses.end());
  handover.mutable_leases_safe_until()->set_seconds(
      absl::ToUnixSeconds(absl::Now() + absl::Minutes(1)));
  Push(std::move(frame));
}

void Stream::SendIdle() {
  v1::LeaseJobsResponse frame;
  frame.mutable_idle();
  Push(std::move(frame));
}

void Stream::SendHeartbeat(bool reply) {
  v1::LeaseJobsResponse frame;
  frame.mutable_heartbeat()->set_reply(reply);
  Push(std::move(frame));
}

void Stream::Beat(absl::Time now) {
  {
    MutexLock lock(mutex_);
    if (now < next_beat_ || end_.has_value()) return;
    next_beat_ = now + kBeatsEarlier * terms_.heartbeat_interval;
  }
  SendHeartbeat(false);
}

void Stream::End(grpc::StatusCode code, const std::string& message) {
  End(grpc::Status(code, message));
}

void Stream::End(const grpc::Status& status) {
  Trace::Note(absl::StrFormat("stream %d  -> ends with status %d, %s", number_,
                              static_cast<int>(status.error_code()), status.error_message()));
  {
    MutexLock lock(mutex_);
    if (!end_.has_value()) end_ = status;
  }
  Advance();
}

}  // namespace leasehold::conformance
