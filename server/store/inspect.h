#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/store/connection.h"
#include "server/store/job_store.h"

// The questions of producers and operators.
namespace leasehold::store {

// kNotFound: there is no such job.
absl::StatusOr<Job> GetJob(Connection& connection, JobId id);

// By id, at most `filter.limit`.
absl::StatusOr<std::vector<Job>> ListJobs(Connection& connection, const JobFilter& filter);

absl::StatusOr<JobCounts> CountJobs(Connection& connection, absl::Duration clock_moved_by);

// By name, at most `limit`, behind the name `after`.
absl::StatusOr<std::vector<QueueCounts>> ListQueues(Connection& connection,
                                                    const std::string& after, int limit,
                                                    absl::Duration clock_moved_by);

// By name, at most `limit`.
absl::StatusOr<std::vector<TaskCounts>> ListTasks(Connection& connection, int limit,
                                                  absl::Duration clock_moved_by);

}  // namespace leasehold::store
