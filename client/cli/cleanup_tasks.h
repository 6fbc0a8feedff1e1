#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace leasehold::cli {

// What `cleanup` was asked for.
struct CleanupTasks {
  bool delete_permanently_failed_jobs = false;
  // Of other systems of the family: they keep a table of task names and one of queues.
  bool gc_task_identifiers = false;
  bool gc_job_queues = false;
};

// Names with hyphens, or as graphile-worker spells them; several in one word are separated by
// commas. None: all.
absl::StatusOr<CleanupTasks> ParseCleanupTasks(const std::vector<std::string>& words);

}  // namespace leasehold::cli
