#pragma once

#include <poll.h>

#include <chrono>

#include "absl/time/time.h"

namespace leasehold::testing {

// Long enough for a machine that does much else.
inline constexpr absl::Duration kPatience = absl::Seconds(30);

// Asks again and again until `condition()` holds; false if it does not within `patience`. For what
// happens in other processes, where there is nothing to wait on.
template <typename Condition>
bool Eventually(Condition&& condition, absl::Duration patience = kPatience) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    poll(nullptr, 0, 2);
  }
  return true;
}

}  // namespace leasehold::testing
