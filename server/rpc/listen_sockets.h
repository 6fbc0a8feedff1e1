#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/rpc/owned_fd.h"

namespace leasehold::rpc {

struct ListenSockets {
  std::vector<OwnedFd> fds;
  int port = 0;
};

// Listens at every address that `host` has; `::` takes IPv4 as well. Port 0: any free one, the same
// for all. Never shares a port with another process. Each error is one sentence with its remedy.
absl::StatusOr<ListenSockets> Listen(const std::string& host, int port);

}  // namespace leasehold::rpc
