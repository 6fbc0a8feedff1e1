#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/job/outcome.h"

namespace leasehold::queue {

// Leases that ended by a reported outcome, so that the same outcome reported again is OK again.
// Remembers each for 10 minutes, or the last 4,000,000, and a few more: fencing numbers are given
// one after the other, so that they are kept, and forgotten, by the thousand.
class EndedTokens {
 public:
  static constexpr absl::Duration kMemory = absl::Minutes(10);
  static constexpr size_t kMost = 4'000'000;

  void Add(uint64_t fencing_number, OutcomeKind kind, absl::Time ended_at);
  std::optional<OutcomeKind> Find(uint64_t fencing_number) const;
  // Once in a while.
  void Forget(absl::Time now);

  size_t size() const { return size_; }

 private:
  static constexpr size_t kPageSize = 4096;

  // Neighbouring numbers.
  struct Page {
    std::array<uint8_t, kPageSize> kinds{};  // 0: not ended
    size_t size = 0;
    absl::Time last_ended_at = absl::InfinitePast();
  };

  Page& PageOf(uint64_t fencing_number);
  void ForgetOldest();

  absl::flat_hash_map<uint64_t, std::unique_ptr<Page>> pages_;
  size_t size_ = 0;
  // Used last.
  uint64_t page_number_ = 0;
  Page* page_ = nullptr;
};

}  // namespace leasehold::queue
