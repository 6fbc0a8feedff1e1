#include <string>
#include <vector>

#include "client/cli/change_jobs.h"
#include "client/cli/command.h"
#include "client/cli/job_ids.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(They stay until they are rescheduled with fewer attempts, completed or cleaned up.
Leased jobs are left alone, as are those that are not there: then the exit status is 1.

Example:
  leasehold fail 42 43 --reason "the address is gone")";

struct FailOptions {
  std::vector<std::string> ids;
  std::string reason;
};

void DefineOptions(CLI::App& command, FailOptions& options) {
  AddJobIds(command, options.ids);
  command
      .add_option("-r,--reason", options.reason,
                  "Becomes their last error [Manually marked as failed]")
      ->type_name("TEXT");
}

absl::Status Run(const FailOptions& options, Session& session) {
  return ChangeJobs(
      options.ids,
      [&](Backend& backend, const std::vector<std::string>& ids) {
        return backend.FailJobs(ids, options.reason);
      },
      session);
}

}  // namespace

void DefineFail(CLI::App& app, Action& action) {
  DefineCommand<FailOptions>(app, action, "fail", "Fail jobs for good; prints their ids",
                             DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
