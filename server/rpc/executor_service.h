#pragma once

#include <memory>

#include "leasehold/v1/executor_service.grpc.pb.h"
#include "server/rpc/edge.h"
#include "server/rpc/unary_call.h"

namespace leasehold::rpc {

using RawExecutorService = v1::ExecutorService::WithRawCallbackMethod_LeaseJobs<
    v1::ExecutorService::WithRawCallbackMethod_Complete<
        v1::ExecutorService::WithRawCallbackMethod_Fail<v1::ExecutorService::Service>>>;

// Executors' calls, translated; a stream is served by a LeaseStream.
class ExecutorService final : public RawExecutorService {
 public:
  using Context = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;

  explicit ExecutorService(Edge& edge) : edge_(edge) {}

  grpc::ServerBidiReactor<Bytes, Bytes>* LeaseJobs(Context* context) override;
  grpc::ServerUnaryReactor* Complete(Context* context, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* Fail(Context* context, const Bytes* in, Bytes* out) override;

 private:
  void Serve(v1::CompleteRequest& request, std::shared_ptr<UnaryCall> call);
  void Serve(v1::FailRequest& request, std::shared_ptr<UnaryCall> call);

  Edge& edge_;
};

}  // namespace leasehold::rpc
