#include "server/rpc/lease_stream.h"

#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "leasehold/v1/executor_service.pb.h"
#include "server/base/errors.h"
#include "server/base/fault.h"
#include "server/logging/log.h"
#include "server/rpc/convert_executor_frame.h"
#include "server/rpc/convert_server_frame.h"
#include "server/rpc/jobs_message.h"
#include "server/rpc/limits.h"
#include "server/rpc/message_bytes.h"

namespace leasehold::rpc {
namespace {

// How long the last frames of an ending stream may wait for their reader.
constexpr absl::Duration kFlushTimeout = absl::Seconds(10);

bool IsJobs(const queue::ServerFrame& frame) {
  return std::holds_alternative<queue::JobsFrame>(frame.frame);
}

absl::Status ExecutorGone() { return absl::CancelledError("the executor has gone"); }

absl::Status NotOpened(absl::Duration timeout) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, "PROTOCOL_BREACH",
                         absl::StrFormat("the first frame, open, did not come within %s",
                                         absl::FormatDuration(timeout)));
}

absl::Status SlowReader() {
  return RetryableError(absl::StatusCode::kResourceExhausted, "SLOW_READER",
                        "too many frames wait for this executor to read them", absl::Seconds(1));
}

}  // namespace

void LeaseStream::Begin(const absl::Status& admitted) {
  {
    MutexLock lock(mu_);
    wake_wanted_ = true;
    if (!admitted.ok()) EndLocked(admitted, /*flush=*/false, /*visibly=*/false);
  }
  Advance();
}

void LeaseStream::Send(queue::ServerFrame frame) {
  MutexLock lock(mu_);
  if (end_.has_value()) return;
  if (!IsJobs(frame)) {
    ++waiting_frames_;
    waiting_bytes_ += ApproximateBytes(frame);
  }
  outbox_.push_back(std::move(frame));
  if (waiting_frames_ > edge_.options.max_waiting_frames ||
      waiting_bytes_ > edge_.options.max_waiting_bytes) {
    EndLocked(SlowReader(), /*flush=*/false, /*visibly=*/false);
    abort_wanted_ = true;
  } else if (writing_) {
    return;
  }
  LeaveToCourier();
}

void LeaseStream::End(absl::Status status) {
  MutexLock lock(mu_);
  queue_told_ = true;
  EndLocked(std::move(status), /*flush=*/true, /*visibly=*/false);
  LeaveToCourier();
}

void LeaseStream::EndByServer(const absl::Status& status) {
  {
    MutexLock lock(mu_);
    EndLocked(status, /*flush=*/true, /*visibly=*/false);
  }
  Advance();
}

void LeaseStream::OnRead(v1::LeaseJobsRequest* frame) {
  absl::Status status =
      frame != nullptr
          ? Deliver(*frame)
          : ErrorWithReason(absl::StatusCode::kInvalidArgument, "UNREADABLE_MESSAGE",
                            "the bytes are no LeaseJobsRequest, or a text in them is not UTF-8");
  {
    MutexLock lock(mu_);
    reading_ = false;
    if (!status.ok()) {
      // After a breach the executor does not come back; to a full server it does.
      const bool breach = absl::IsInvalidArgument(status);
      EndLocked(std::move(status), /*flush=*/false, /*visibly=*/breach);
    }
  }
  Advance();
}

void LeaseStream::OnReadsOver() {
  {
    MutexLock lock(mu_);
    EndLocked(absl::OkStatus(), /*flush=*/true, /*visibly=*/true);
  }
  Advance();
}

void LeaseStream::OnWritten(bool ok) {
  {
    MutexLock lock(mu_);
    writing_ = false;
    if (!ok) {
      EndLocked(ExecutorGone(), /*flush=*/false, /*visibly=*/true);
      ClearOutbox();
    }
  }
  Advance();
}

void LeaseStream::OnCancelled() {
  {
    MutexLock lock(mu_);
    cancelled_ = true;
    EndLocked(ExecutorGone(), /*flush=*/false, /*visibly=*/true);
    ClearOutbox();
  }
  Advance();
}

void LeaseStream::OnLate() {
  {
    MutexLock lock(mu_);
    if (end_.has_value()) {
      abort_wanted_ = true;
      ClearOutbox();
    } else if (!id_.has_value()) {
      EndLocked(NotOpened(edge_.options.open_timeout), /*flush=*/false, /*visibly=*/true);
    }
  }
  Advance();
}

int LeaseStream::final_code() const {
  MutexLock lock(mu_);
  return end_.has_value() ? static_cast<int>(end_->code()) : 0;
}

void LeaseStream::Advance() {
  MutexLock lock(mu_);
  posted_ = false;
  if (acting_) return;  // that thread sees what has been recorded
  acting_ = true;
  for (Step step = NextStep(); step.action != Action::kNone; step = NextStep()) {
    mu_.Unlock();
    Perform(std::move(step));
    mu_.Lock();
  }
  acting_ = false;
}

LeaseStream::Step LeaseStream::NextStep() {
  Step step;
  step.action = end_.has_value() ? NextEndingAction() : NextAction();
  switch (step.action) {
    case Action::kWrite:
      step.frame = std::move(outbox_.front());
      outbox_.pop_front();
      if (!IsJobs(step.frame)) {
        --waiting_frames_;
        waiting_bytes_ -= ApproximateBytes(step.frame);
      }
      break;
    case Action::kWake:
      step.delay = end_.has_value() ? kFlushTimeout : edge_.options.open_timeout;
      break;
    case Action::kTellQueue:
      step.id = *id_;
      step.visibly = visibly_;
      break;
    case Action::kAbort:
    case Action::kFinish:
      step.end = *end_;
      break;
    case Action::kNone:
    case Action::kRead:
      break;
  }
  return step;
}

LeaseStream::Action LeaseStream::NextAction() {
  if (std::exchange(wake_wanted_, false)) return Action::kWake;
  if (!writing_ && !outbox_.empty()) {
    writing_ = true;
    return Action::kWrite;
  }
  if (!reading_) {
    reading_ = true;
    return Action::kRead;
  }
  return Action::kNone;
}

LeaseStream::Action LeaseStream::NextEndingAction() {
  if (id_.has_value() && !queue_told_) {
    queue_told_ = true;
    return Action::kTellQueue;
  }
  if (finished_) return Action::kNone;
  if (writing_) {
    if (abort_wanted_ && !std::exchange(aborted_, true)) return Action::kAbort;
    if (!cancelled_ && std::exchange(wake_wanted_, false)) return Action::kWake;
    return Action::kNone;
  }
  if (!outbox_.empty()) {
    writing_ = true;
    return Action::kWrite;
  }
  finished_ = true;
  return Action::kFinish;
}

void LeaseStream::Perform(Step step) {
  switch (step.action) {
    case Action::kNone:
      return;
    case Action::kRead:
      return transport_.StartRead();
    case Action::kWrite:
      return Write(std::move(step.frame));
    case Action::kWake:
      return transport_.WakeAfter(step.delay);
    case Action::kAbort:
      return transport_.Abort(step.end);
    case Action::kTellQueue:
      return edge_.gate.StreamEnded(step.id, step.visibly);
    case Action::kFinish:
      return transport_.Finish(step.end);
  }
}

void LeaseStream::Write(queue::ServerFrame frame) {
  const auto* jobs = std::get_if<queue::JobsFrame>(&frame.frame);
  const size_t job_count = jobs == nullptr ? 0 : jobs->jobs.size();
  grpc::ByteBuffer message = jobs == nullptr
                                 ? Serialize(ToProto(std::move(frame), edge_.options.terms))
                                 : Serialize(JobsMessage(*jobs, frame.epoch));
  // The queue keeps frames of several jobs far below this. One job is sent whatever its size: SQL
  // may have added it, and a client may take more than most do.
  if (job_count > 1 && message.Length() > static_cast<size_t>(kFrameLimit)) {
    Log::Warning("a frame of jobs is larger than most clients accept",
                 {{"bytes", message.Length()}, {"jobs", job_count}});
  }
  if (job_count > 0) FaultStrikes(kJobsFrameBeforeWrite);
  transport_.StartWrite(std::move(message));
  if (job_count > 0) FaultStrikes(kJobsFrameAfterWrite);
}

absl::Status LeaseStream::Deliver(v1::LeaseJobsRequest& frame) {
  std::optional<loop::StreamId> id;
  {
    MutexLock lock(mu_);
    if (end_.has_value()) return absl::OkStatus();
    id = id_;
  }
  if (!id.has_value()) return Open(frame);
  auto converted = FrameFromProto(frame, edge_.payload_limit());
  if (!converted.ok()) return converted.status();
  return edge_.gate.Receive(*id, *std::move(converted)) ? absl::OkStatus() : ServerFull();
}

absl::Status LeaseStream::Open(v1::LeaseJobsRequest& frame) {
  auto open = OpenFromProto(frame);
  if (!open.ok()) return open.status();
  const auto id = edge_.gate.OpenStream(shared_from_this(), *std::move(open));
  if (!id.ok()) return id.status();
  MutexLock lock(mu_);
  id_ = *id;
  return absl::OkStatus();
}

void LeaseStream::EndLocked(absl::Status status, bool flush, bool visibly) {
  if (end_.has_value()) return;
  end_ = std::move(status);
  visibly_ = visibly;
  wake_wanted_ = true;
  if (!flush) ClearOutbox();
}

void LeaseStream::ClearOutbox() {
  outbox_.clear();
  waiting_frames_ = 0;
  waiting_bytes_ = 0;
}

void LeaseStream::LeaveToCourier() {
  if (acting_ || posted_ || finished_) return;
  posted_ = true;
  edge_.courier.Run([self = shared_from_this()] { self->Advance(); });
}

}  // namespace leasehold::rpc
