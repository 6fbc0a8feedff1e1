#include "server/rpc/leader_link.h"

#include <algorithm>
#include <utility>

namespace leasehold::rpc {
namespace {

// What one stream may have in flight: gRPC's own estimate grows to megabytes a stream.
constexpr int kStreamWindowBytes = 256 * 1024;

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  // One connection for each link: a new leadership begins with a new one.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindowBytes);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 32 * 1024);
  // The server allows a ping in ten seconds.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 11'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 3'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

LeaderLink::LeaderLink(uint64_t epoch, const std::string& address)
    : epoch_(epoch), address_(address), channel_(Connect(address)), stub_(channel_) {}

bool LeaderLink::ready() {
  return channel_->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY;
}

bool LeaderLink::Add(std::weak_ptr<ForwardedToLeader> call) {
  MutexLock lock(mu_);
  if (cut_) return false;
  if (calls_.size() >= next_clearing_) {
    std::erase_if(calls_, [](const auto& one) { return one.expired(); });
    next_clearing_ = std::max<size_t>(64, 2 * calls_.size());
  }
  calls_.push_back(std::move(call));
  return true;
}

void LeaderLink::Cut() {
  std::vector<std::weak_ptr<ForwardedToLeader>> calls;
  {
    MutexLock lock(mu_);
    cut_ = true;
    calls.swap(calls_);
  }
  for (const auto& one : calls) {
    if (const auto call = one.lock()) call->LeaderChanged();
  }
}

}  // namespace leasehold::rpc
