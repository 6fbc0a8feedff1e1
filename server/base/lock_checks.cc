#include "server/base/lock_checks.h"

#include "absl/synchronization/mutex.h"

namespace leasehold {

void SkipLockOrderChecks() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

}  // namespace leasehold
