#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "server/job/outcome.h"

namespace leasehold::queue {

// Who waits to hear what became of an outcome: its place among those that were reported together.
struct Reporter {
  uint64_t report = 0;
  size_t position = 0;
};

// How a lease ends, on its way to disk.
struct Ending {
  Outcome outcome = {};
  bool reported = true;
  bool swept = false;
  std::optional<absl::Duration> recovery_delay = {};  // of a swept one; unset: it depends
  absl::InlinedVector<Reporter, 1> reporters = {};
  // Those who reported something else: it is lost, but only once this ending is on disk.
  std::vector<Reporter> late = {};
  int tries = 0;
  bool alone = false;  // PostgreSQL refused the batch that it was in
};

}  // namespace leasehold::queue
