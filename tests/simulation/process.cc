#include "tests/simulation/process.h"

#include <utility>

namespace leasehold::simulation {

void Process::Do(Timeline::Work work) {
  if (!alive_) return;
  if (paused_) {
    waiting_.push_back(std::move(work));
  } else {
    work();
  }
}

void Process::After(absl::Duration time, Timeline::Work work) {
  timeline_.After(time / (1 + drift_), [self = weak_from_this(), work = std::move(work)]() mutable {
    if (const auto process = self.lock()) process->Do(std::move(work));
  });
}

void Process::Resume() {
  paused_ = false;
  while (!waiting_.empty() && alive_ && !paused_) {
    Timeline::Work work = std::move(waiting_.front());
    waiting_.pop_front();
    work();
  }
}

void Process::Kill() {
  alive_ = false;
  waiting_.clear();
}

loop::MonotonicTime Process::Monotonic() const {
  return loop::MonotonicTime() + std::chrono::hours(1) +
         absl::ToChronoNanoseconds(timeline_.passed() * (1 + drift_));
}

}  // namespace leasehold::simulation
