#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>

#include "absl/time/time.h"

namespace leasehold::simulation {

// Every decision that nobody made: from the seed, and from nothing else.
class Chance {
 public:
  explicit Chance(uint64_t seed) : random_(seed) {}

  uint64_t Number() { return random_(); }
  // In [0, below).
  int Up(int below) { return static_cast<int>(random_() % static_cast<uint64_t>(below)); }
  int Between(int least, int most) { return least + Up(most - least + 1); }
  // In [0, 1).
  double Part() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  bool Is(double probability) { return Part() < probability; }
  bool OneIn(int times) { return Up(times) == 0; }
  absl::Duration Below(absl::Duration most) { return most * Part(); }
  absl::Duration Between(absl::Duration least, absl::Duration most) {
    return least + (most - least) * Part();
  }
  template <typename Container>
  auto& Any(Container& things) {
    return *std::next(things.begin(), Up(static_cast<int>(things.size())));
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace leasehold::simulation
