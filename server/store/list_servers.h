#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "server/store/connection.h"
#include "server/store/server_info.h"

namespace leasehold::store {

// The servers on the database, the leader first.
absl::StatusOr<std::vector<ServerInfo>> ListServers(Connection& connection);

}  // namespace leasehold::store
