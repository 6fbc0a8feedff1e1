#pragma once

#include <memory>

#include "leasehold/v1/admin_service.grpc.pb.h"
#include "server/rpc/edge.h"
#include "server/rpc/unary_call.h"

namespace leasehold::rpc {

// Operators' calls, translated.
class AdminService final
    : public v1::AdminService::WithRawCallbackMethod_GetStats<
          v1::AdminService::WithRawCallbackMethod_ListServers<
              v1::AdminService::WithRawCallbackMethod_AdvanceClock<v1::AdminService::Service>>> {
 public:
  explicit AdminService(Edge& edge) : edge_(edge) {}

  grpc::ServerUnaryReactor* GetStats(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  grpc::ServerUnaryReactor* ListServers(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  grpc::ServerUnaryReactor* AdvanceClock(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* in,
                                         grpc::ByteBuffer* out) override;

 private:
  Edge& edge_;
};

}  // namespace leasehold::rpc
