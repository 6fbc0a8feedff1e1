#include "server/store/job_columns.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_format.h"

namespace leasehold::store {

using Int16 = std::numeric_limits<int16_t>;

absl::Status CheckRanges(const NewJob& job) {
  if (job.priority < Int16::min() || job.priority > Int16::max()) {
    return absl::InvalidArgumentError(absl::StrFormat("priority %d is no smallint", job.priority));
  }
  if (job.max_attempts > Int16::max()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("max_attempts %d is no smallint", job.max_attempts));
  }
  return absl::OkStatus();
}

std::optional<std::string> StoredFlags(std::vector<std::string> flags) {
  if (flags.empty()) return std::nullopt;
  std::sort(flags.begin(), flags.end());
  flags.erase(std::unique(flags.begin(), flags.end()), flags.end());
  return ArrayLiteral(flags);
}

JobColumns::JobColumns(size_t size)
    : tasks(ElementType::kText, size),
      payloads(ElementType::kJson, size),
      queue_names(ElementType::kText, size),
      max_attempts(ElementType::kSmallint, size),
      priorities(ElementType::kSmallint, size),
      flags(ElementType::kText, size),
      metadata(ElementType::kJson, size) {}

void JobColumns::Add(const NewJob& job) {
  if (status.ok()) status = CheckRanges(job);
  tasks.Add(job.task);
  payloads.Add(job.payload);
  queue_names.Add(job.queue_name);
  max_attempts.Add(job.max_attempts);
  priorities.Add(job.priority);
  flags.Add(StoredFlags(job.flags));
  metadata.Add(job.metadata);
}

}  // namespace leasehold::store
