#pragma once

#include "absl/time/time.h"

// When a job runs again.
namespace leasehold::queue {

// The wait after the `attempts`-th attempt failed: exp(least(10, attempts)) seconds.
absl::Duration BackOff(int attempts);

// When a job whose `attempts`-th attempt failed at `now` runs again, unless the failure says.
absl::Time NextRun(absl::Time now, absl::Time run_at, int attempts);

// The wait after a job's executor was lost, `crashes` times in a row now: the recovery delay,
// doubled for each crash after the first, at most 5 minutes (or the recovery delay if longer).
absl::Duration RecoveryDelay(absl::Duration recovery_delay, int crashes);

// The wait before a locked row is tried for the `tries`-th time again: 50 ms doubling to 1 s.
absl::Duration LockedRowDelay(int tries);
// A caller whose row somebody holds is told so after that many: about half a minute.
inline constexpr int kMostLockedTries = 35;

// `time` without what PostgreSQL would cut off: whole microseconds.
absl::Time WholeMicroseconds(absl::Time time);

}  // namespace leasehold::queue
