#include <memory>
#include <utility>
#include <vector>

#include "client/cli/command.h"
#include "client/cli/executor_output.h"
#include "client/cli/watch.h"

namespace leasehold::cli {
namespace {

struct WorkersOptions {
  WatchInterval watch;
};

absl::StatusOr<Report> Read(Backend& backend) {
  absl::StatusOr<std::vector<client::ExecutorInfo>> read = backend.ListExecutors();
  if (!read.ok()) return read.status();
  const auto executors =
      std::make_shared<const std::vector<client::ExecutorInfo>>(*std::move(read));
  Report report{.element = [executors](size_t i) { return ExecutorDocument((*executors)[i]); },
                .count = executors->size(),
                .table = [executors](std::ostream& out,
                                     size_t width) { PrintExecutors(*executors, width, out); }};
  if (executors->empty()) report.note = "no workers";
  return report;
}

absl::Status Run(const WorkersOptions& options, Session& session) {
  return Show(Read, options.watch, session);
}

}  // namespace

void DefineWorkers(CLI::App& app, Action& action) {
  DefineCommand<WorkersOptions>(
      app, action, "workers", "List the executors that are there, and what they hold",
      [](CLI::App& command, WorkersOptions& options) { AddWatchOption(command, options.watch); },
      Run)
      ->alias("executors")
      ->footer("Examples:\n  leasehold workers\n  leasehold workers --watch=500ms");
}

}  // namespace leasehold::cli
