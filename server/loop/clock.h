#pragma once

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"

namespace leasehold::loop {

// The machine's monotonic clock.
using MonotonicTime = std::chrono::steady_clock::time_point;
inline MonotonicTime MonotonicNow() { return std::chrono::steady_clock::now(); }

// The database's time, told now and then and carried on by the monotonic clock. Never runs
// backwards between two calls of Reset. For one thread.
class DatabaseClock {
 public:
  // The database said `database_now` at `at`: begins anew.
  void Reset(absl::Time database_now, MonotonicTime at) {
    origin_ = at;
    at_origin_ = database_now;
    latest_ = database_now;
  }

  // The same, while others count on this clock: a database whose clock was set is followed step by
  // step, so that no time-out passes, and none stands still, because of it.
  void Follow(absl::Time database_now, MonotonicTime at) {
    const absl::Duration off = database_now - (at_origin_ + absl::FromChrono(at - origin_));
    at_origin_ += std::clamp(off, -kLongestStep, kLongestStep);
  }

  absl::Time Now(MonotonicTime now) {
    latest_ = std::max(latest_, at_origin_ + absl::FromChrono(now - origin_));
    return latest_;
  }

  // When Now() will be `time`, at the earliest; at most an hour ahead.
  MonotonicTime At(absl::Time time, MonotonicTime now) {
    const absl::Duration wait = std::clamp(time - Now(now), absl::ZeroDuration(), absl::Hours(1));
    return now + absl::ToChronoNanoseconds(wait);
  }

 private:
  static constexpr absl::Duration kLongestStep = absl::Milliseconds(100);

  MonotonicTime origin_;
  absl::Time at_origin_ = absl::UnixEpoch();
  absl::Time latest_ = absl::UnixEpoch();
};

}  // namespace leasehold::loop
