#include "server/rpc/stream_relay.h"

#include <utility>

#include "server/base/errors.h"
#include "server/rpc/status.h"

namespace leasehold::rpc {

StreamRelay::StreamRelay(std::shared_ptr<LeaderLink> link, const ForwardedCall& call,
                         RelayTransport& down)
    : link_(std::move(link)), path_(call.path), context_(call.NewContext()), down_(down) {}

void StreamRelay::Start(const std::shared_ptr<StreamRelay>& relay) {
  if (!relay->link_->Add(relay)) return relay->down_.AskAgain(std::nullopt);
  relay->self_ = relay;
  relay->link_->stub().PrepareBidiStreamingCall(relay->context_.get(), relay->path_, {},
                                                relay.get());
  // Each direction's operations are started from the other's reactions.
  relay->AddMultipleHolds(2);
  relay->StartCall();
  relay->down_.StartRead();
}

void StreamRelay::OnRequestRead(grpc::ByteBuffer* request) {
  {
    MutexLock lock(mu_);
    if (request != nullptr && !answered_ && !first_.has_value()) first_ = *request;
    if (!up_) return;
    if (request != nullptr) {
      request_ = std::move(*request);
      StartWrite(&request_);
      return;
    }
    up_ = false;
    if (!cancelled_) StartWritesDone();
  }
  RemoveHold();
}

void StreamRelay::OnWriteDone(bool ok) {
  if (ok) {
    down_.StartRead();
  } else {
    EndUp();
  }
}

// Only now: reads and the leader's metadata have no order between them.
void StreamRelay::OnReadInitialMetadataDone(bool ok) {
  if (ok) down_.SendMetadata(*context_);
  StartRead(&response_);
}

void StreamRelay::OnReadDone(bool ok) {
  if (!ok) return EndDown();
  {
    MutexLock lock(mu_);
    answered_ = true;
    first_.reset();
  }
  down_.StartWrite(&response_);
}

void StreamRelay::OnResponseWritten(bool ok) {
  if (ok) {
    StartRead(&response_);
  } else {
    context_->TryCancel();
    EndDown();
  }
}

void StreamRelay::OnCancelled() {
  {
    MutexLock lock(mu_);
    cancelled_ = true;
  }
  context_->TryCancel();
}

void StreamRelay::LeaderChanged() {
  {
    MutexLock lock(mu_);
    leader_changed_ = true;
  }
  context_->TryCancel();
}

void StreamRelay::EndByServer(const absl::Status& status) {
  {
    MutexLock lock(mu_);
    if (!end_.has_value()) end_ = status;
  }
  context_->TryCancel();
}

void StreamRelay::OnDone(const grpc::Status& status) {
  const std::shared_ptr<StreamRelay> self = std::move(self_);
  std::optional<absl::Status> end;
  std::optional<grpc::ByteBuffer> first;
  bool again = false;
  {
    MutexLock lock(mu_);
    end = end_;
    first = std::move(first_);
    again = leader_changed_ && !answered_ && !cancelled_ && !end.has_value();
    if (leader_changed_ && !end.has_value()) end = leasehold::LeaderChanged();
  }
  if (again) return down_.AskAgain(std::move(first));
  down_.Finish(end.has_value() ? ToGrpcStatus(*end) : StatusFromLeader(status), *context_);
}

void StreamRelay::EndUp() {
  {
    MutexLock lock(mu_);
    if (!std::exchange(up_, false)) return;
  }
  RemoveHold();
}

// Without its answers nothing more needs to go up either: an idle executor would keep the call.
void StreamRelay::EndDown() {
  EndUp();
  RemoveHold();
}

}  // namespace leasehold::rpc
