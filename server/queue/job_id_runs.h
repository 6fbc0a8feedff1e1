#pragma once

#include <vector>

#include "absl/container/inlined_vector.h"
#include "server/job/job.h"

namespace leasehold::queue {

// Ids of jobs in their order. Those of one call mostly follow each other: 500 take as much memory
// as one.
class JobIdRuns {
 public:
  JobIdRuns() = default;
  explicit JobIdRuns(const std::vector<JobId>& ids) {
    for (const JobId id : ids) {
      if (!runs_.empty() && id == runs_.back().first + runs_.back().count) {
        ++runs_.back().count;
      } else {
        runs_.push_back({id, 1});
      }
    }
  }

  std::vector<JobId> ids() const {
    std::vector<JobId> ids;
    for (const Run& run : runs_) {
      for (JobId i = 0; i < run.count; ++i) ids.push_back(run.first + i);
    }
    return ids;
  }

 private:
  struct Run {
    JobId first;
    JobId count;
  };

  absl::InlinedVector<Run, 1> runs_;
};

}  // namespace leasehold::queue
