#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/rpc/edge.h"
#include "server/rpc/forwarded_call.h"
#include "server/rpc/lease_stream.h"
#include "server/rpc/stream_relay.h"

namespace leasehold::rpc {

// The call under a LeaseStream or, where another server leads, under a StreamRelay: bytes in, bytes
// out. Lives until gRPC is done with it and it is known where it goes.
class LeaseStreamReactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                                 private StreamTransport,
                                 private RelayTransport {
 public:
  static LeaseStreamReactor* Start(Edge& edge, MethodName name,
                                   grpc::CallbackServerContext* context);

  LeaseStreamReactor(Edge& edge, MethodName name, grpc::CallbackServerContext* context);

 private:
  static void AskTheRoute(const std::shared_ptr<LeaseStreamReactor>& reactor);
  void Begin(const Destination& destination) EXCLUDES(mu_);
  void ServeHere() REQUIRES(mu_);
  void Relay(const std::shared_ptr<LeaderLink>& leader) REQUIRES(mu_);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void HandOn(bool ok);

  // Both transports'
  void StartRead() override;

  // StreamTransport
  void StartWrite(grpc::ByteBuffer message) override;
  void WakeAfter(absl::Duration delay) override;
  void Abort(const absl::Status& status) override;
  void Finish(const absl::Status& status) override;

  // RelayTransport
  void StartWrite(const grpc::ByteBuffer* message) override;
  void SendMetadata(const grpc::ClientContext& from) override;
  void AskAgain(std::optional<grpc::ByteBuffer> first) override;
  void Finish(const grpc::Status& status, const grpc::ClientContext& from) override;

  Edge& edge_;
  const MethodName name_;
  const absl::Time began_;
  grpc::CallbackServerContext* const context_;
  const ForwardedCall call_;
  std::shared_ptr<LeaseStreamReactor> self_;

  Mutex mu_;
  bool asking_ GUARDED_BY(mu_) = true;  // it is not known where the call goes
  bool over_ GUARDED_BY(mu_) = false;   // ended while it was not
  bool reading_ GUARDED_BY(mu_) = false;
  bool metadata_sent_ GUARDED_BY(mu_) = false;
  // Read for a leader that has changed meanwhile: whether there was something, and what.
  std::deque<std::pair<bool, grpc::ByteBuffer>> read_before_ GUARDED_BY(mu_);

  // One of the two serves the call, once it is known where it goes.
  std::shared_ptr<LeaseStream> stream_;
  std::shared_ptr<StreamRelay> relay_;

  grpc::ByteBuffer request_;   // of the read in flight
  grpc::ByteBuffer response_;  // of the write in flight
  std::unique_ptr<grpc::Alarm> alarm_;
  int code_ = grpc::StatusCode::CANCELLED;
};

}  // namespace leasehold::rpc
