#include "client/cli/cleanup_tasks.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace leasehold::cli {

absl::StatusOr<CleanupTasks> ParseCleanupTasks(const std::vector<std::string>& words) {
  if (words.empty()) return CleanupTasks{true, true, true};
  CleanupTasks tasks;
  for (const std::string& word : words) {
    for (const std::string& written : std::vector<std::string>(absl::StrSplit(word, ','))) {
      std::string name = absl::AsciiStrToLower(absl::StripAsciiWhitespace(written));
      std::replace(name.begin(), name.end(), '_', '-');
      if (name == "delete-permanently-failed-jobs" || name == "delete-permafailed-jobs") {
        tasks.delete_permanently_failed_jobs = true;
      } else if (name == "gc-task-identifiers") {
        tasks.gc_task_identifiers = true;
      } else if (name == "gc-job-queues") {
        tasks.gc_job_queues = true;
      } else {
        return absl::InvalidArgumentError(
            absl::StrFormat("\"%s\" is not one of delete-permanently-failed-jobs, "
                            "gc-task-identifiers, gc-job-queues",
                            written));
      }
    }
  }
  return tasks;
}

}  // namespace leasehold::cli
