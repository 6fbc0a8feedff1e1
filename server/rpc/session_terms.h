#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/rpc/limits.h"

namespace leasehold::rpc {

// What `opened` tells every session alike.
struct SessionTerms {
  // The largest message that this server takes: room for the largest payload and what is around it.
  int64_t frame_limit() const { return std::max(kFrameLimit, payload_limit + (256 << 10)); }

  absl::Duration heartbeat_interval = absl::Seconds(5);
  absl::Duration session_timeout = absl::Seconds(30);
  int64_t payload_limit = 1 << 20;
  std::string server_version;
  // Where a session can be resumed; empty: the same address.
  std::vector<std::string> addresses;
  std::vector<std::string> capabilities;
};

}  // namespace leasehold::rpc
