#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace leasehold::store {

// A server on the database, as its row says.
struct ServerInfo {
  std::string id;
  std::string address;
  std::string version;
  std::string host;  // the same for servers that reach each other by loopback
  absl::Time started_at;
  absl::Duration silent;  // since it last said that it is there
  int streams = 0;
  bool leads = false;
  uint64_t epoch = 0;  // 0: does not lead
};

}  // namespace leasehold::store
