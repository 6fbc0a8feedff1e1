#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/job/job.h"

namespace leasehold {

// What operators do to jobs that are not leased, or to the leases of executors.
struct JobChange {
  enum class Kind { kComplete, kFail, kReschedule, kUnlock };

  Kind kind = Kind::kComplete;
  std::vector<JobId> ids;
  std::vector<std::string> executor_ids;  // kUnlock, instead of ids
  std::optional<std::string> error;       // kFail; unset: the default
  // kReschedule; what is unset stays as it is.
  std::optional<absl::Time> run_at;
  std::optional<absl::Duration> delay;  // run_at from when the queue hears of it
  std::optional<int> priority;
  std::optional<int> attempts;  // more than the most count as the most
  std::optional<int> max_attempts;
};

}  // namespace leasehold
