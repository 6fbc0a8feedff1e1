#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/job/job.h"
#include "server/job/store_request.h"
#include "server/store/array_parameter.h"
#include "server/store/job_row.h"

namespace leasehold::store {

// OK, or kInvalidArgument: a number of the job has no place in its column.
absl::Status CheckRanges(const NewJob& job);

// Flags as they are stored: sorted, each once, NULL for none.
std::optional<std::string> StoredFlags(std::vector<std::string> flags);

inline const NewJob& JobOf(const NewJob& item) { return item; }
inline const NewJob& JobOf(const JobToInsert& item) { return item.job; }
inline const NewJob& JobOf(const RunCronTicks::Tick& item) { return item.job; }

// The columns of jobs to add, each an array with one element per job, made in one pass.
struct JobColumns {
  template <typename Items>
  explicit JobColumns(const Items& items) : JobColumns(items.size()) {
    for (const auto& item : items) Add(JobOf(item));
  }

  absl::Status status;
  ArrayParameter tasks, payloads, queue_names, max_attempts, priorities, flags, metadata;

 private:
  explicit JobColumns(size_t size);
  void Add(const NewJob& job);
};

// The same of their keys.
template <typename Items>
pqxx::binarystring KeyColumn(const Items& items) {
  return ArrayOf(ElementType::kText, items, [](const auto& item) { return JobOf(item).key; });
}
template <typename Items>
pqxx::binarystring KeyModeColumn(const Items& items) {
  return ArrayOf(ElementType::kText, items, [](const auto& item) {
    return std::string_view(KeyModeName(JobOf(item).key_mode));
  });
}

}  // namespace leasehold::store
