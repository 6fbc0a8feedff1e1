#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace leasehold::store {

// How long, and how many, request ids and ended tokens the journal keeps: whichever is less. That
// much fits a leader's memory, and is read within a second or so.
inline constexpr absl::Duration kJournalAge = absl::Minutes(10);
inline constexpr char kJournalAgeText[] = "600 seconds";
inline constexpr int64_t kJournalSize = 4'000'000;
// Of these a takeover waits to be read; the older ones follow.
inline constexpr int kRecentJournalRows = 1000;

}  // namespace leasehold::store
