#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/job/job.h"

namespace leasehold::queue {

// A lease of the first due jobs behind a window that is under way: which jobs it takes is known
// with its answer only. What is heard meanwhile of jobs that may be among them waits for it.
struct WindowLease {
  std::string task;
  int priority = 0;
  std::optional<Rank> after;
  absl::Time now;
  uint64_t read = 0;  // names it to the window

  std::vector<RankedJob> met;
  std::vector<JobId> changed;

  // The job, as somebody saw it, may be among those being leased.
  bool Covers(const RankedJob& job) const {
    return job.task == task && job.priority == priority && job.run_at <= now &&
           !job.queue_name.has_value() && (!after.has_value() || *after < job.rank());
  }
};

}  // namespace leasehold::queue
