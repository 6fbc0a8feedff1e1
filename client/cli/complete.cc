#include <string>
#include <vector>

#include "client/cli/change_jobs.h"
#include "client/cli/command.h"
#include "client/cli/job_ids.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(Leased jobs are left alone, as are those that are not there: then the exit status is 1.

Examples:
  leasehold complete 42 43
  leasehold list --queue outbox --limit 0 -o json | leasehold complete -)";

struct CompleteOptions {
  std::vector<std::string> ids;
};

absl::Status Run(const CompleteOptions& options, Session& session) {
  return ChangeJobs(
      options.ids,
      [](Backend& backend, const std::vector<std::string>& ids) {
        return backend.CompleteJobs(ids);
      },
      session);
}

}  // namespace

void DefineComplete(CLI::App& app, Action& action) {
  DefineCommand<CompleteOptions>(
      app, action, "complete", "End jobs as if they had run; prints their ids",
      [](CLI::App& command, CompleteOptions& options) { AddJobIds(command, options.ids); }, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
