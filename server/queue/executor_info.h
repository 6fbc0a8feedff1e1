#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace leasehold::queue {

// A session that has not ended, as operators see it.
struct ExecutorInfo {
  std::string id;
  std::string name;
  std::vector<std::string> tasks;
  std::vector<std::string> forbidden_flags;
  bool connected = false;
  absl::Duration silent;
  int window = 0;   // 0: it drains, or has not said
  int leases = 0;   // whose outcome was not reported
  int running = 0;  // of them, those reported as started
};

// Which sessions an operator sweeps, and how.
struct SweepOrder {
  std::optional<absl::Duration> threshold;       // unset: the session timeout
  std::optional<absl::Duration> recovery_delay;  // unset: as the sweep tick decides
  bool dry_run = false;                          // only say which
};

}  // namespace leasehold::queue
