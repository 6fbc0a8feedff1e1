#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "server/loop/clock.h"
#include "server/loop/queue_gate.h"
#include "server/queue/event.h"

namespace leasehold::loop {

// An event and whoever waits for what comes of it.
struct Item {
  queue::Event event;
  // The call that the event names, if it is one of these.
  std::function<void(absl::StatusOr<std::vector<JobId>>)> added = {};
  std::function<void(absl::StatusOr<JobId>)> removed = {};
  std::function<void(absl::StatusOr<std::vector<JobId>>)> changed = {};
  std::function<void(absl::StatusOr<std::vector<queue::ExecutorInfo>>)> executors = {};
  std::function<void(absl::StatusOr<queue::CronsChanged>)> crons = {};
  std::function<void(absl::StatusOr<std::vector<OutcomeResult>>)> reported = {};
  std::function<void(absl::StatusOr<absl::Time>)> moved = {};
  std::shared_ptr<SessionStream> stream = {};
  MonotonicTime came_at = MonotonicNow();
};

}  // namespace leasehold::loop
