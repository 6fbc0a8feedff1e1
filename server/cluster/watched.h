#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace leasehold::cluster {

using MonotonicTime = std::chrono::steady_clock::time_point;

// A count in the database that moves while its owner is there, watched on this machine's clock.
struct Watched {
  std::string owner;
  int64_t count = -1;
  MonotonicTime since = {};

  void See(const std::string& seen_owner, int64_t seen_count, MonotonicTime now) {
    if (count == seen_count && owner == seen_owner) return;
    *this = {seen_owner, seen_count, now};
  }
  // It has not moved for so long.
  bool Stands(MonotonicTime now, absl::Duration ttl) const {
    return absl::FromChrono(now - since) >= ttl;
  }
};

}  // namespace leasehold::cluster
