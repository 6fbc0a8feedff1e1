#include "server/rpc/keep_warm.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>

namespace leasehold::rpc {
namespace {

constexpr std::chrono::milliseconds kInterval{250};
constexpr std::chrono::seconds kCallTimeout{2};
constexpr std::chrono::seconds kAliveFor{5};

int64_t MonotonicNanos() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

}  // namespace

KeepWarm::KeepWarm(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)), answered_at_(MonotonicNanos()), thread_([this] { Loop(); }) {}

KeepWarm::~KeepWarm() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool KeepWarm::Alive() const {
  return MonotonicNanos() - answered_at_ < kAliveFor / std::chrono::nanoseconds(1);
}

void KeepWarm::Loop() {
  MutexLock lock(mu_);
  while (!stopping_) {
    mu_.Unlock();
    if (Call()) answered_at_ = MonotonicNanos();
    mu_.Lock();
    if (!stopping_) wake_.wait_for(mu_, kInterval);
  }
}

bool KeepWarm::Call() {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  const grpc::Slice empty;  // a HealthCheckRequest about the whole server
  const grpc::ByteBuffer request(&empty, 1);
  grpc::ByteBuffer response;
  grpc::Status status;
  // A queue of its own: the answer must not wait for the threads that are asked about.
  grpc::CompletionQueue queue;
  const auto call = grpc::GenericStub(channel_).PrepareUnaryCall(
      &context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  call->Finish(&response, &status, this);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return status.ok();
}

}  // namespace leasehold::rpc
