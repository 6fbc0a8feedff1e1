#include "server/store/operate.h"

#include <utility>

#include "server/store/row_reader.h"

namespace leasehold::store {
namespace {

// Jobs that one page of a clean-up looks at: a fraction of a second's work.
constexpr int kRowsPerCleanUp = 100'000;

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

absl::StatusOr<CleanedUp> CleanUp(Connection& connection, const WriteStamp& stamp,
                                  const CleanUpPage& page) {
  const auto result =
      connection.Run(sql::kCleanUp, stamp.epoch, page.after,
                     absl::ToInt64Microseconds(page.unchanged_for), page.most, kRowsPerCleanUp);
  if (!result.ok()) return result.status();
  RowReader row(result->front());
  CleanedUp cleaned;
  cleaned.deleted = row.Bigint();
  if (!row.IsNull()) cleaned.last = row.Bigint();
  return cleaned;
}

}  // namespace leasehold::store
