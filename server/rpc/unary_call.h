#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message_lite.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/rpc/edge.h"
#include "server/rpc/forwarded_call.h"
#include "server/rpc/leader_link.h"

namespace leasehold::rpc {

// One unary call. It ends once: by the first of Answer, Fail and the caller's going away; whatever
// comes later is dropped, and may come at any time after, from any thread.
class UnaryCall final : public grpc::ServerUnaryReactor,
                        public std::enable_shared_from_this<UnaryCall> {
 public:
  // The call lives until gRPC is done with it and the last pointer is gone.
  static std::shared_ptr<UnaryCall> Start(Edge& edge, MethodName name,
                                          grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer& in, grpc::ByteBuffer* out);

  UnaryCall(Edge& edge, MethodName name, grpc::CallbackServerContext* context,
            const grpc::ByteBuffer& in, grpc::ByteBuffer* out);

  // False if the call is over: ended already, no memory for it, or no such message in its bytes.
  bool Read(const grpc::ByteBuffer& in, google::protobuf::MessageLite& request);

  void Answer(const google::protobuf::MessageLite& response);
  void Fail(const absl::Status& status);

  // Has the call answered by whoever leads: by `serve_here` if that is this server. Perhaps later.
  void AskTheRoute(const grpc::ByteBuffer& in,
                   std::function<void(const grpc::ByteBuffer& in)> serve_here);

 private:
  void Forward(const std::shared_ptr<LeaderLink>& leader, const ForwardedCall& call,
               const grpc::ByteBuffer& in);
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

// Serves one unary call where the leader is: here, `serve(request, call)` ends `call`, now or
// later.
template <typename Request, typename Serve>
grpc::ServerUnaryReactor* ServeUnary(Edge& edge, MethodName name,
                                     grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* in, grpc::ByteBuffer* out,
                                     Serve serve) {
  std::shared_ptr<UnaryCall> call = UnaryCall::Start(edge, name, context, *in, out);
  grpc::ServerUnaryReactor* const reactor = call.get();
  const auto serve_here = [serve, call](const grpc::ByteBuffer& bytes) {
    google::protobuf::Arena arena;
    auto& request = *google::protobuf::Arena::CreateMessage<Request>(&arena);
    if (call->Read(bytes, request)) serve(request, call);
  };
  if (context->IsCancelled()) {
    call->Fail(absl::CancelledError("the caller has gone"));
  } else if (edge.route.here() || !in->Valid()) {
    // A caller that went away at the right moment has left no message. gRPC aborts the process that
    // sends such a one on; here it is refused.
    serve_here(*in);
  } else {
    call->AskTheRoute(*in, serve_here);
  }
  return reactor;
}

}  // namespace leasehold::rpc
