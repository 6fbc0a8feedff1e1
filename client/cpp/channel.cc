#include "client/cpp/channel.h"

#include <algorithm>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "server/base/lock_checks.h"

namespace leasehold::client {

std::vector<std::string> SplitAddresses(std::string_view addresses) {
  constexpr std::string_view kSeparators = ", ";
  std::vector<std::string> split;
  for (;;) {
    const size_t begin = addresses.find_first_not_of(kSeparators);
    if (begin == addresses.npos) return split;
    addresses.remove_prefix(begin);
    const size_t end = std::min(addresses.find_first_of(kSeparators), addresses.size());
    split.emplace_back(addresses.substr(0, end));
    addresses.remove_prefix(end);
  }
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  SkipLockOrderChecks();
  grpc::ChannelArguments arguments;
  // A server that has restarted is found within a second.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 3000);
  // A channel made anew begins without the back-off of another.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A dead peer is noticed; more often than this, servers refuse pings.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Meshes add to the trailers.
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 64 << 10);
  // Ours are better: they know which calls may be repeated.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // The server bounds its frames; a job larger than gRPC's 4 MiB must not end every stream.
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace leasehold::client
