#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace leasehold::store {

// How long, and how many, request ids and ended tokens the journal keeps: whichever is less. That
// much fits a leader's memory and the second that a takeover may take.
inline constexpr absl::Duration kJournalAge = absl::Minutes(10);
inline constexpr char kJournalAgeText[] = "600 seconds";
inline constexpr int64_t kJournalSize = 4'000'000;

}  // namespace leasehold::store
