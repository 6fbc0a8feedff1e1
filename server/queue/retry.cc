#include "server/queue/retry.h"

#include <algorithm>
#include <cmath>

namespace leasehold::queue {
namespace {

constexpr absl::Duration kLongestRecoveryDelay = absl::Minutes(5);
constexpr absl::Duration kShortestLockedRowDelay = absl::Milliseconds(50);
constexpr absl::Duration kLongestLockedRowDelay = absl::Seconds(1);

absl::Duration Doubled(absl::Duration first, int times, absl::Duration longest) {
  return std::min(first * std::pow(2.0, std::clamp(times, 0, 30)), longest);
}

}  // namespace

absl::Duration BackOff(int attempts) { return absl::Seconds(std::exp(std::min(10, attempts))); }

absl::Time NextRun(absl::Time now, absl::Time run_at, int attempts) {
  return WholeMicroseconds(std::max(now, run_at) + BackOff(attempts));
}

absl::Duration RecoveryDelay(absl::Duration recovery_delay, int crashes) {
  return Doubled(recovery_delay, crashes - 1, std::max(recovery_delay, kLongestRecoveryDelay));
}

absl::Duration LockedRowDelay(int tries) {
  return Doubled(kShortestLockedRowDelay, tries - 1, kLongestLockedRowDelay);
}

absl::Time WholeMicroseconds(absl::Time time) {
  const bool endless = time == absl::InfiniteFuture() || time == absl::InfinitePast();
  return endless ? time : absl::FromUnixMicros(absl::ToUnixMicros(time));
}

}  // namespace leasehold::queue
