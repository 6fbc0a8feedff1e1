#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tests/soak/installation.h"
#include "tests/soak/watch.h"

namespace leasehold::testing {

// Where a fault happens.
struct Scene {
  Installation& installation;
  Watch& watch;
  std::mt19937_64& random;

  size_t Below(size_t bound) { return random() % bound; }
  void Pass(int least_ms, int most_ms) {
    watch.Pass(absl::Milliseconds(least_ms + static_cast<int>(Below(most_ms - least_ms + 1))));
  }
  size_t Leader() { return installation.Leader(); }
  size_t Follower() {
    const size_t servers = installation.servers();
    return (Leader() + 1 + Below(servers - 1)) % servers;
  }
  size_t AnExecutor() { return Below(installation.executors()); }
};

struct FaultKind {
  std::string name;
  // Does it, waits, and heals it: when it returns, everything has been started again.
  std::function<void(Scene&)> strike;
  bool database_crashes = false;
};

std::vector<FaultKind> AllFaults();

}  // namespace leasehold::testing
