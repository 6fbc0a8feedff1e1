#pragma once

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"

namespace leasehold::loop {

// The machine's monotonic clock.
using MonotonicTime = std::chrono::steady_clock::time_point;
inline MonotonicTime MonotonicNow() { return std::chrono::steady_clock::now(); }

// The database's time, told once and carried on by the monotonic clock. Never runs backwards. For
// one thread.
class DatabaseClock {
 public:
  // The database said `database_now` at `at`.
  void Set(absl::Time database_now, MonotonicTime at) {
    origin_ = at;
    at_origin_ = database_now;
  }

  absl::Time Now() {
    const auto passed = MonotonicNow() - origin_;
    latest_ = std::max(latest_, at_origin_ + absl::FromChrono(passed));
    return latest_;
  }

  // When Now() will be `time`, at the earliest; at most an hour ahead.
  MonotonicTime At(absl::Time time) {
    const absl::Duration wait = std::clamp(time - Now(), absl::ZeroDuration(), absl::Hours(1));
    return MonotonicNow() + absl::ToChronoNanoseconds(wait);
  }

 private:
  MonotonicTime origin_ = MonotonicNow();
  absl::Time at_origin_ = absl::UnixEpoch();
  absl::Time latest_ = absl::InfinitePast();
};

}  // namespace leasehold::loop
