#include "server/store/inspect.h"

#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/base/errors.h"
#include "server/store/job_row.h"

namespace leasehold::store {
namespace {

const char* StateName(JobFilter::State state) {
  switch (state) {
    case JobFilter::State::kAny:
      return "any";
    case JobFilter::State::kReady:
      return "ready";
    case JobFilter::State::kScheduled:
      return "scheduled";
    case JobFilter::State::kLeased:
      return "leased";
    case JobFilter::State::kFailed:
      break;
  }
  return "failed";
}

JobCounts ReadCounts(RowReader& row) {
  JobCounts counts;
  counts.ready = row.Bigint();
  counts.scheduled = row.Bigint();
  counts.leased = row.Bigint();
  counts.failed = row.Bigint();
  counts.oldest_ready_run_at = row.OptionalTime();
  return counts;
}

}  // namespace

absl::StatusOr<Job> GetJob(Connection& connection, JobId id) {
  const auto result = connection.Run(sql::kGetJob, id);
  if (!result.ok()) return result.status();
  if (result->empty()) return JobNotFound(absl::StrFormat("has the id %d", id));
  return std::move(ReadWholeJobs(*result).front());
}

absl::StatusOr<std::vector<Job>> ListJobs(Connection& connection, const JobFilter& filter) {
  const auto result = connection.Run(
      sql::kListJobs, filter.task, filter.queue_name, std::string(StateName(filter.state)),
      filter.after, filter.limit, absl::ToInt64Microseconds(filter.clock_moved_by));
  if (!result.ok()) return result.status();
  return ReadWholeJobs(*result);
}

absl::StatusOr<JobCounts> CountJobs(Connection& connection, absl::Duration clock_moved_by) {
  const auto result = connection.Run(sql::kCountJobs, absl::ToInt64Microseconds(clock_moved_by));
  if (!result.ok()) return result.status();
  RowReader row(result->front());
  return ReadCounts(row);
}

absl::StatusOr<std::vector<QueueCounts>> ListQueues(Connection& connection,
                                                    const std::string& after, int limit,
                                                    absl::Duration clock_moved_by) {
  const auto result =
      connection.Run(sql::kListQueues, after, limit, absl::ToInt64Microseconds(clock_moved_by));
  if (!result.ok()) return result.status();
  std::vector<QueueCounts> queues;
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    QueueCounts queue;
    queue.name = row.Text();
    queue.jobs = ReadCounts(row);
    queue.locked_at = row.OptionalTime();
    queue.locked_by = row.Text();
    queues.push_back(std::move(queue));
  }
  return queues;
}

absl::StatusOr<std::vector<TaskCounts>> ListTasks(Connection& connection, int limit,
                                                  absl::Duration clock_moved_by) {
  const auto result =
      connection.Run(sql::kListTasks, limit, absl::ToInt64Microseconds(clock_moved_by));
  if (!result.ok()) return result.status();
  std::vector<TaskCounts> tasks;
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    TaskCounts task;
    task.name = row.Text();
    task.jobs = ReadCounts(row);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

}  // namespace leasehold::store
