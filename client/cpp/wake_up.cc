#include "client/cpp/wake_up.h"

#include <utility>

#include "grpc/support/time.h"

namespace leasehold::client {

void WakeUp::Wake() {
  MutexLock lock(mutex_);
  if (closed_ || std::exchange(pending_, true)) return;
  alarm_.Set(&queue_, gpr_inf_past(GPR_CLOCK_MONOTONIC), nullptr);
}

void WakeUp::Woken() {
  MutexLock lock(mutex_);
  pending_ = false;
}

bool WakeUp::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  return pending_;
}

}  // namespace leasehold::client
