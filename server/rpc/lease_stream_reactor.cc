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
  return new LeaseStreamReactor(edge, name, context);
}

LeaseStreamReactor::LeaseStreamReactor(Edge& edge, MethodName name,
                                       grpc::CallbackServerContext* context)
    : edge_(edge),
      name_(name),
      began_(absl::Now()),
      context_(context),
      stream_(std::make_shared<LeaseStream>(edge, static_cast<StreamTransport&>(*this))) {
  const absl::Status admitted = edge.streams.Add(stream_);
  // At once: it tells the executor that it is connected, and proxies that nothing is to be
  // replayed.
  if (admitted.ok()) StartSendInitialMetadata();
  stream_->Begin(admitted);
}

void LeaseStreamReactor::OnReadDone(bool ok) {
  if (!ok) return stream_->OnReadsOver();
  google::protobuf::Arena arena;
  auto* const frame = google::protobuf::Arena::CreateMessage<v1::LeaseJobsRequest>(&arena);
  const bool readable = Parse(request_, *frame);
  request_.Clear();
  stream_->OnRead(readable ? frame : nullptr);
}

void LeaseStreamReactor::OnDone() {
  edge_.streams.Remove(stream_.get());
  if (edge_.options.observer) {
    edge_.options.observer({.service = name_.service,
                            .method = name_.method,
                            .stream = true,
                            .code = stream_->final_code(),
                            .seconds = absl::ToDoubleSeconds(absl::Now() - began_)});
  }
  delete this;
}

void LeaseStreamReactor::StartRead() { Base::StartRead(&request_); }

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
  if (const auto pushback = RetryPushback(status)) {
    context_->AddTrailingMetadata(kPushbackTrailer, *pushback);
  }
  Base::Finish(ToGrpcStatus(status));  // may delete this
}

}  // namespace leasehold::rpc
