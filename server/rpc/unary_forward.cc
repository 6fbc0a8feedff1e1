#include "server/rpc/unary_forward.h"

#include <utility>

#include "server/base/errors.h"
#include "server/rpc/status.h"

namespace leasehold::rpc {

void UnaryForward::Start(std::shared_ptr<LeaderLink> link, const ForwardedCall& call,
                         grpc::ByteBuffer request, Done done) {
  const auto forward =
      std::make_shared<UnaryForward>(link, call, std::move(request), std::move(done));
  if (!link->Add(forward)) {
    forward->done_(ToGrpcStatus(leasehold::LeaderAway()), {}, *forward->context_, false);
    return;
  }
  forward->self_ = forward;
  link->stub().PrepareUnaryCall(forward->context_.get(), call.path, {}, &forward->request_,
                                &forward->response_, forward.get());
  forward->StartCall();
}

UnaryForward::UnaryForward(std::shared_ptr<LeaderLink> link, const ForwardedCall& call,
                           grpc::ByteBuffer request, Done done)
    : link_(std::move(link)),
      context_(call.NewContext()),
      request_(std::move(request)),
      done_(std::move(done)) {}

void UnaryForward::LeaderChanged() {
  leader_changed_ = true;
  context_->TryCancel();
}

void UnaryForward::OnDone(const grpc::Status& status) {
  const std::shared_ptr<UnaryForward> self = std::move(self_);  // the last pointer
  const bool cut = leader_changed_ && status.error_code() == grpc::StatusCode::CANCELLED;
  done_(cut ? ToGrpcStatus(leasehold::LeaderChanged()) : StatusFromLeader(status), response_,
        *context_, answered_);
}

}  // namespace leasehold::rpc
