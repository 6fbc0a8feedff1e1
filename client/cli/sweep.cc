#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/executor_output.h"
#include "client/cli/values.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(The server does this by itself when a worker has been silent for its session timeout.
Prints the workers as they were before.

Examples:
  leasehold sweep-stale-workers --dry-run
  leasehold sweep-stale-workers --sweep-threshold 1m --recovery-delay 0s)";

struct SweepOptions {
  client::SweepOptions sweep;
};

void DefineOptions(CLI::App& command, SweepOptions& options) {
  AddParsedOption(command, "--sweep-threshold", options.sweep.threshold, ParseDuration,
                  "Workers silent for this long [the server's session timeout]")
      ->type_name("DURATION");
  AddParsedOption(command, "--recovery-delay", options.sweep.recovery_delay, ParseDuration,
                  "Before their jobs run again [the server's]")
      ->type_name("DURATION");
  command.add_flag("--dry-run", options.sweep.dry_run, "Only say which");
}

absl::Status Run(const SweepOptions& options, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const auto swept = (*backend)->SweepExecutors(options.sweep);
  if (!swept.ok()) return swept.status();
  Json executors = Json::array();
  for (const client::ExecutorInfo& executor : *swept) {
    executors.push_back(ExecutorDocument(executor));
  }
  Print({.document = Json::object(
             {{"dry_run", options.sweep.dry_run}, {"executors", std::move(executors)}}),
         .table =
             [&](std::ostream& out, size_t width) {
               if (!swept->empty()) PrintExecutors(*swept, width, out);
             },
         .note = absl::StrFormat(
             options.sweep.dry_run ? "workers that would be swept: %d" : "workers swept: %d",
             swept->size())},
        session);
  return absl::OkStatus();
}

}  // namespace

void DefineSweep(CLI::App& app, Action& action) {
  DefineCommand<SweepOptions>(app, action, "sweep-stale-workers",
                              "End the sessions of workers that have been silent for a time",
                              DefineOptions, Run)
      ->alias("sweep")
      ->footer(kFooter);
}

}  // namespace leasehold::cli
