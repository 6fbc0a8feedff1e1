#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/job/outcome.h"

namespace leasehold::queue {

// Leases that ended by a reported outcome, so that the same outcome reported again is OK again.
// Remembers each for 10 minutes, and the last 4,000,000.
class EndedTokens {
 public:
  static constexpr absl::Duration kMemory = absl::Minutes(10);
  static constexpr size_t kMost = 4'000'000;

  void Add(uint64_t fencing_number, OutcomeKind kind, absl::Time ended_at);
  std::optional<OutcomeKind> Find(uint64_t fencing_number) const;
  void Forget(absl::Time now);

 private:
  struct Ended {
    uint64_t fencing_number;
    absl::Time at;
  };

  absl::flat_hash_map<uint64_t, OutcomeKind> kinds_;
  std::deque<Ended> in_order_;
};

}  // namespace leasehold::queue
