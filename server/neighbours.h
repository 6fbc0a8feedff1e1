#pragma once

#include <vector>

#include "absl/status/status.h"
#include "server/store/leadership_store.h"
#include "server/store/server_info.h"

namespace leasehold {

// Refuses an address that the servers which are there cannot reach, and warns of one of theirs.
// `row` is this server's.
absl::Status CheckNeighbours(const store::ServerRow& row,
                             const std::vector<store::ServerInfo>& servers);

}  // namespace leasehold
