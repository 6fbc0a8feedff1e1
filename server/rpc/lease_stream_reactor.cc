#include "server/rpc/lease_stream_reactor.h"

#include <google/protobuf/arena.h>
#include <grpc/grpc.h>
#include <grpc/support/time.h>

#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "leasehold/v1/executor_service.pb.h"
#include "server/rpc/message_bytes.h"
#include "server/rpc/status.h"

namespace leasehold::rpc {

using Base = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

LeaseStreamReactor* LeaseStreamReactor::Start(Edge& edge, MethodName name,
                                              grpc::CallbackServerContext* context) {
  const auto reactor = std::make_shared<LeaseStreamReactor>(edge, name, context);
  reactor->self_ = reactor;
  AskTheRoute(reactor);
  return reactor.get();
}

LeaseStreamReactor::LeaseStreamReactor(Edge& edge, MethodName name,
                                       grpc::CallbackServerContext* context)
    : edge_(edge), name_(name), began_(absl::Now()), context_(context), call_(name, *context) {}

void LeaseStreamReactor::AskTheRoute(const std::shared_ptr<LeaseStreamReactor>& reactor) {
  reactor->edge_.route.Ask(
      reactor->call_.forwarded_before,
      [reactor](const Destination& destination) { reactor->Begin(destination); });
}

// Under the lock: a cancellation comes before all of it or after.
void LeaseStreamReactor::Begin(const Destination& destination) {
  MutexLock lock(mu_);
  if (over_) return;
  asking_ = false;
  if (const auto* leader = std::get_if<std::shared_ptr<LeaderLink>>(&destination)) {
    return Relay(*leader);
  }
  if (const auto* refused = std::get_if<absl::Status>(&destination)) {
    over_ = true;
    return Finish(*refused);
  }
  ServeHere();
}

void LeaseStreamReactor::ServeHere() {
  stream_ = std::make_shared<LeaseStream>(edge_, static_cast<StreamTransport&>(*this));
  const absl::Status admitted = edge_.streams.Add(stream_);
  // At once: it tells the executor that it is connected, and proxies that nothing is to be
  // replayed.
  if (admitted.ok() && !std::exchange(metadata_sent_, true)) StartSendInitialMetadata();
  edge_.courier.Run([stream = stream_, admitted] { stream->Begin(admitted); });
}

void LeaseStreamReactor::Relay(const std::shared_ptr<LeaderLink>& leader) {
  relay_ = std::make_shared<StreamRelay>(leader, call_, static_cast<RelayTransport&>(*this));
  if (const absl::Status admitted = edge_.streams.Add(relay_); !admitted.ok()) {
    over_ = true;
    return Finish(admitted);
  }
  edge_.courier.Run([relay = relay_] { StreamRelay::Start(relay); });
}

void LeaseStreamReactor::AskAgain(std::optional<grpc::ByteBuffer> first) {
  {
    MutexLock lock(mu_);
    edge_.streams.Remove(relay_.get());
    relay_ = nullptr;
    asking_ = true;
    if (first.has_value()) read_before_.emplace_front(true, *std::move(first));
  }
  AskTheRoute(self_);
}

// What was read for the leader before comes first.
void LeaseStreamReactor::StartRead() {
  {
    MutexLock lock(mu_);
    if (read_before_.empty()) {
      if (!std::exchange(reading_, true)) Base::StartRead(&request_);
      return;
    }
  }
  edge_.courier.Run([self = self_] {
    bool ok = false;
    {
      MutexLock lock(self->mu_);
      ok = self->read_before_.front().first;
      self->request_ = std::move(self->read_before_.front().second);
      self->read_before_.pop_front();
    }
    self->HandOn(ok);
  });
}

void LeaseStreamReactor::OnReadDone(bool ok) {
  {
    MutexLock lock(mu_);
    reading_ = false;
    if (over_) return;
    if (asking_) {
      read_before_.emplace_back(ok, std::exchange(request_, {}));
      return;
    }
  }
  HandOn(ok);
}

void LeaseStreamReactor::HandOn(bool ok) {
  if (relay_ != nullptr) return relay_->OnRequestRead(ok ? &request_ : nullptr);
  if (!ok) return stream_->OnReadsOver();
  google::protobuf::Arena arena;
  auto* const frame = google::protobuf::Arena::CreateMessage<v1::LeaseJobsRequest>(&arena);
  const bool readable = Parse(request_, *frame);
  request_.Clear();
  stream_->OnRead(readable ? frame : nullptr);
}

void LeaseStreamReactor::OnWriteDone(bool ok) {
  if (relay_ != nullptr) return relay_->OnResponseWritten(ok);
  stream_->OnWritten(ok);
}

void LeaseStreamReactor::OnCancel() {
  std::shared_ptr<StreamRelay> relay;
  {
    MutexLock lock(mu_);
    if (over_) return;
    if (asking_) {
      over_ = true;
      return Base::Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
    }
    relay = relay_;
  }
  if (relay != nullptr) return relay->OnCancelled();
  stream_->OnCancelled();
}

void LeaseStreamReactor::OnDone() {
  if (stream_ != nullptr) edge_.streams.Remove(stream_.get());
  if (relay_ != nullptr) edge_.streams.Remove(relay_.get());
  if (edge_.options.observer) {
    edge_.options.observer({.service = name_.service,
                            .method = name_.method,
                            .stream = true,
                            .code = stream_ != nullptr ? stream_->final_code() : code_,
                            .seconds = absl::ToDoubleSeconds(absl::Now() - began_)});
  }
  const std::shared_ptr<LeaseStreamReactor> self = std::move(self_);  // may be the last pointer
}

void LeaseStreamReactor::StartWrite(grpc::ByteBuffer message) {
  response_ = std::move(message);
  Base::StartWrite(&response_);
}

void LeaseStreamReactor::WakeAfter(absl::Duration delay) {
  const gpr_timespec wait = gpr_time_from_millis(absl::ToInt64Milliseconds(delay), GPR_TIMESPAN);
  alarm_ = std::make_unique<grpc::Alarm>();
  alarm_->Set(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), wait),
              [stream = std::weak_ptr<LeaseStream>(stream_)](bool expired) {
                if (!expired) return;
                if (const auto still_there = stream.lock()) still_there->OnLate();
              });
}

void LeaseStreamReactor::Abort(const absl::Status& status) {
  const std::string message(status.message());
  grpc_call_cancel_with_status(context_->c_call(), static_cast<grpc_status_code>(status.code()),
                               message.c_str(), nullptr);
}

void LeaseStreamReactor::Finish(const absl::Status& status) {
  code_ = static_cast<int>(status.code());
  if (const auto pushback = RetryPushback(status)) {
    context_->AddTrailingMetadata(kPushbackTrailer, *pushback);
  }
  Base::Finish(ToGrpcStatus(status));  // may delete this
}

void LeaseStreamReactor::StartWrite(const grpc::ByteBuffer* message) { Base::StartWrite(message); }

void LeaseStreamReactor::SendMetadata(const grpc::ClientContext& from) {
  MutexLock lock(mu_);
  if (std::exchange(metadata_sent_, true)) return;
  CopyInitialMetadata(from, *context_);
  StartSendInitialMetadata();
}

void LeaseStreamReactor::Finish(const grpc::Status& status, const grpc::ClientContext& from) {
  code_ = status.error_code();
  CopyTrailingMetadata(from, *context_);
  Base::Finish(status);  // may delete this
}

}  // namespace leasehold::rpc
