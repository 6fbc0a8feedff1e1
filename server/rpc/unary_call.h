#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message_lite.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/rpc/edge.h"

namespace leasehold::rpc {

// Which method a call is of. The names live for ever.
struct MethodName {
  const char* service;
  const char* method;
};

// One unary call. It ends once: by the first of Answer, Fail and the caller's going away; whatever
// comes later is dropped, and may come at any time after, from any thread.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  // The call lives until gRPC is done with it and the last pointer is gone.
  static std::shared_ptr<UnaryCall> Start(Edge& edge, MethodName name,
                                          grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer& in, grpc::ByteBuffer* out);

  UnaryCall(Edge& edge, MethodName name, grpc::CallbackServerContext* context,
            const grpc::ByteBuffer& in, grpc::ByteBuffer* out);

  // False if the call is over: no memory for it, its caller gone, or no such message in its bytes.
  bool Read(const grpc::ByteBuffer& in, google::protobuf::MessageLite& request);

  void Answer(const google::protobuf::MessageLite& response);
  void Fail(const absl::Status& status);

 private:
  void OnCancel() override;
  void OnDone() override;

  // True for the one who may end the call.
  bool Claim(grpc::StatusCode code);

  Edge& edge_;
  const MethodName name_;
  const absl::Time began_;
  const int64_t charged_bytes_;
  grpc::CallbackServerContext* const context_;
  grpc::ByteBuffer* const out_;
  std::atomic<int> code_{-1};  // -1: not ended
  std::shared_ptr<UnaryCall> self_;
};

// Serves one unary call: `serve(request, call)` ends `call`, now or later.
template <typename Request, typename Serve>
grpc::ServerUnaryReactor* ServeUnary(Edge& edge, MethodName name,
                                     grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* in, grpc::ByteBuffer* out,
                                     Serve serve) {
  std::shared_ptr<UnaryCall> call = UnaryCall::Start(edge, name, context, *in, out);
  grpc::ServerUnaryReactor* const reactor = call.get();
  google::protobuf::Arena arena;
  auto& request = *google::protobuf::Arena::CreateMessage<Request>(&arena);
  if (call->Read(*in, request)) serve(request, std::move(call));
  return reactor;
}

}  // namespace leasehold::rpc
