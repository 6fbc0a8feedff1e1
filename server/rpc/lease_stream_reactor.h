#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <memory>

#include "absl/time/time.h"
#include "server/rpc/edge.h"
#include "server/rpc/lease_stream.h"
#include "server/rpc/unary_call.h"

namespace leasehold::rpc {

// The call under a LeaseStream: bytes in, bytes out. Deletes itself when gRPC is done with it.
class LeaseStreamReactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                                 private StreamTransport {
 public:
  static LeaseStreamReactor* Start(Edge& edge, MethodName name,
                                   grpc::CallbackServerContext* context);

 private:
  LeaseStreamReactor(Edge& edge, MethodName name, grpc::CallbackServerContext* context);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override { stream_->OnWritten(ok); }
  void OnCancel() override { stream_->OnCancelled(); }
  void OnDone() override;

  void StartRead() override;
  void StartWrite(grpc::ByteBuffer message) override;
  void WakeAfter(absl::Duration delay) override;
  void Abort(const absl::Status& status) override;
  void Finish(const absl::Status& status) override;

  Edge& edge_;
  const MethodName name_;
  const absl::Time began_;
  grpc::CallbackServerContext* const context_;
  const std::shared_ptr<LeaseStream> stream_;

  grpc::ByteBuffer request_;   // of the read in flight
  grpc::ByteBuffer response_;  // of the write in flight
  std::unique_ptr<grpc::Alarm> alarm_;
};

}  // namespace leasehold::rpc
