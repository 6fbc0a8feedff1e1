#include "server/rpc/unary_call.h"

#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/base/errors.h"
#include "server/base/fault.h"
#include "server/rpc/message_bytes.h"
#include "server/rpc/status.h"
#include "server/rpc/unary_forward.h"

namespace leasehold::rpc {
namespace {

// What a call costs beside its bytes, roughly.
constexpr int64_t kCallBytes = 4096;

}  // namespace

std::shared_ptr<UnaryCall> UnaryCall::Start(Edge& edge, MethodName name,
                                            grpc::CallbackServerContext* context,
                                            const grpc::ByteBuffer& in, grpc::ByteBuffer* out) {
  auto call = std::make_shared<UnaryCall>(edge, name, context, in, out);
  call->self_ = call;
  return call;
}

UnaryCall::UnaryCall(Edge& edge, MethodName name, grpc::CallbackServerContext* context,
                     const grpc::ByteBuffer& in, grpc::ByteBuffer* out)
    : edge_(edge),
      name_(name),
      began_(absl::Now()),
      charged_bytes_(static_cast<int64_t>(in.Length()) + kCallBytes),
      context_(context),
      out_(out) {
  edge_.request_bytes += charged_bytes_;
}

bool UnaryCall::Read(const grpc::ByteBuffer& in, google::protobuf::MessageLite& request) {
  if (code_ != -1) return false;
  if (edge_.request_bytes > edge_.options.max_request_bytes) {
    Fail(ServerFull());
    return false;
  }
  if (!Parse(in, request)) {
    Fail(ErrorWithReason(absl::StatusCode::kInvalidArgument, "UNREADABLE_MESSAGE",
                         absl::StrFormat("the bytes are no %s, or a text in them is not UTF-8",
                                         request.GetTypeName())));
    return false;
  }
  return true;
}

void UnaryCall::Answer(const google::protobuf::MessageLite& response) {
  if (FaultStrikes(kAnswerBeforeWrite)) return Fail(absl::UnavailableError("a planted fault"));
  if (!Claim(grpc::StatusCode::OK)) return;
  *out_ = Serialize(response);
  edge_.courier.Run([this] { Finish(grpc::Status::OK); });
}

void UnaryCall::Fail(const absl::Status& status) {
  if (!Claim(static_cast<grpc::StatusCode>(status.code()))) return;
  if (const auto pushback = RetryPushback(status)) {
    context_->AddTrailingMetadata(kPushbackTrailer, *pushback);
  }
  edge_.courier.Run([this, wire = ToGrpcStatus(status)] { Finish(wire); });
}

void UnaryCall::AskTheRoute(const grpc::ByteBuffer& in,
                            std::function<void(const grpc::ByteBuffer& in)> serve_here) {
  // Copies: once the caller has gone, gRPC's are gone as well.
  const auto forwarded = std::make_shared<const ForwardedCall>(name_, *context_);
  edge_.route.Ask(forwarded->forwarded_before,
                  [call = shared_from_this(), in, forwarded,
                   serve_here = std::move(serve_here)](const Destination& to) {
                    if (const auto* leader = std::get_if<std::shared_ptr<LeaderLink>>(&to)) {
                      call->Forward(*leader, *forwarded, in);
                    } else if (const auto* refused = std::get_if<absl::Status>(&to)) {
                      call->Fail(*refused);
                    } else {
                      serve_here(in);
                    }
                  });
}

void UnaryCall::Forward(const std::shared_ptr<LeaderLink>& leader, const ForwardedCall& call,
                        const grpc::ByteBuffer& in) {
  UnaryForward::Start(
      leader, call, in,
      [self = shared_from_this()](const grpc::Status& status, const grpc::ByteBuffer& response,
                                  const grpc::ClientContext& context, bool answered) {
        if (!self->Claim(status.error_code())) return;
        if (answered) CopyInitialMetadata(context, *self->context_);
        CopyTrailingMetadata(context, *self->context_);
        *self->out_ = response;
        self->Finish(status);
      });
}

void UnaryCall::OnCancel() {
  const bool late = absl::FromChrono(context_->deadline()) <= absl::Now();
  if (!Claim(late ? grpc::StatusCode::DEADLINE_EXCEEDED : grpc::StatusCode::CANCELLED)) return;
  Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
}

void UnaryCall::OnDone() {
  edge_.request_bytes -= charged_bytes_;
  if (edge_.options.observer) {
    edge_.options.observer({.service = name_.service,
                            .method = name_.method,
                            .stream = false,
                            .code = code_,
                            .seconds = absl::ToDoubleSeconds(absl::Now() - began_)});
  }
  const std::shared_ptr<UnaryCall> self = std::move(self_);  // may be the last pointer
}

bool UnaryCall::Claim(grpc::StatusCode code) {
  int not_ended = -1;
  return code_.compare_exchange_strong(not_ended, static_cast<int>(code));
}

}  // namespace leasehold::rpc
