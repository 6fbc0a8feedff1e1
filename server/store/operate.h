#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/store/connection.h"
#include "server/store/job_store.h"
#include "server/store/journal.h"

// What operators ask of jobs as a whole. The lists go by the jobs' clock, as ListJobs does.
namespace leasehold::store {

absl::StatusOr<std::vector<QueueCounts>> ListQueues(Connection& connection,
                                                    const std::string& after, int limit,
                                                    absl::Duration clock_moved_by);

absl::StatusOr<std::vector<TaskCounts>> ListTasks(Connection& connection, int limit,
                                                  absl::Duration clock_moved_by);

// A write under the epoch of `stamp`, without a row in the journal.
absl::StatusOr<CleanedUp> CleanUp(Connection& connection, const WriteStamp& stamp,
                                  const CleanUpPage& page);

}  // namespace leasehold::store
