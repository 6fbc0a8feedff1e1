#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/cli/cleanup_tasks.h"
#include "client/cli/command.h"
#include "client/cli/progress.h"
#include "client/cli/values.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(Without a TASK it does all of them. The names of tasks and queues are part of each
job here, so that the two gc tasks have nothing to collect and are done at once. The
spellings DELETE_PERMAFAILED_JOBS, GC_TASK_IDENTIFIERS and GC_JOB_QUEUES, and lists
with commas, are taken as well.

Examples:
  leasehold cleanup
  leasehold cleanup delete-permanently-failed-jobs --older-than 720h)";

struct CleanupOptions {
  std::vector<std::string> tasks;
  absl::Duration older_than;
};

CleanupTasks ParseTasks(const std::vector<std::string>& words) {
  const absl::StatusOr<CleanupTasks> tasks = ParseCleanupTasks(words);
  if (!tasks.ok()) throw CLI::ValidationError("TASK", std::string(tasks.status().message()));
  return *tasks;
}

void DefineOptions(CLI::App& command, CleanupOptions& options) {
  command
      .add_option("TASK", options.tasks,
                  "delete-permanently-failed-jobs, gc-task-identifiers, gc-job-queues [all]")
      ->type_name("delete-permanently-failed-jobs|gc-task-identifiers|gc-job-queues");
  AddParsedOption(command, "--older-than", options.older_than, ParseDuration,
                  "Only jobs that have not changed for this long [0s]")
      ->type_name("DURATION");
}

absl::StatusOr<int64_t> DeleteFailedJobs(absl::Duration older_than, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  Progress progress(session.err);
  int64_t deleted = 0;
  std::string page_token;
  do {
    const absl::StatusOr<client::CleanUpPage> page = (*backend)->CleanUp(older_than, page_token);
    if (!page.ok()) {
      if (deleted == 0) return page.status();
      return absl::Status(page.status().code(),
                          absl::StrFormat("%s; deleted before: %d jobs",
                                          std::string(page.status().message()), deleted));
    }
    deleted += page->deleted;
    page_token = page->next_page_token;
    progress.Say(absl::StrFormat("%d jobs deleted so far", deleted));
  } while (!page_token.empty());
  return deleted;
}

void PrintOutcome(const CleanupTasks& tasks, int64_t deleted, std::ostream& out) {
  if (tasks.delete_permanently_failed_jobs) {
    out << absl::StrFormat("delete-permanently-failed-jobs: %d deleted\n", deleted);
  }
  if (tasks.gc_task_identifiers) out << "gc-task-identifiers: nothing to collect here\n";
  if (tasks.gc_job_queues) out << "gc-job-queues: nothing to collect here\n";
}

absl::Status Run(const CleanupOptions& options, Session& session) {
  const CleanupTasks tasks = ParseTasks(options.tasks);
  absl::StatusOr<int64_t> deleted = 0;
  if (tasks.delete_permanently_failed_jobs) deleted = DeleteFailedJobs(options.older_than, session);
  if (!deleted.ok()) return deleted.status();
  Print({.document = Json::object({{"deleted_jobs", *deleted},
                                   {"collected_task_identifiers", 0},
                                   {"collected_job_queues", 0}}),
         .table = [&](std::ostream& out, size_t) { PrintOutcome(tasks, *deleted, out); }},
        session);
  return absl::OkStatus();
}

}  // namespace

void DefineCleanup(CLI::App& app, Action& action) {
  DefineCommand<CleanupOptions>(app, action, "cleanup", "Delete jobs that have permanently failed",
                                DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
