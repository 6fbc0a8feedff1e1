#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/cli/command.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(Their jobs may run elsewhere at once (of a serial queue once the worker has reported or was
swept), and no attempt is counted. What the workers still
report of these runs does not count. A worker that holds nothing, or is not known, is no
error.

Example:
  leasehold force-unlock mailer-1f6c2a)";

struct ForceUnlockOptions {
  std::vector<std::string> workers;
};

void DefineOptions(CLI::App& command, ForceUnlockOptions& options) {
  command
      .add_option("WORKER", options.workers,
                  "Ids of workers, as `leasehold workers` and locked_by of a job name them")
      ->required();
}

absl::StatusOr<std::vector<std::string>> Unlock(const std::vector<std::string>& workers,
                                                Backend& backend) {
  std::vector<std::string> unlocked;
  for (size_t begin = 0; begin < workers.size(); begin += Backend::kMaxExecutorIds) {
    const auto from = workers.begin() + static_cast<std::ptrdiff_t>(begin);
    const size_t count = std::min(Backend::kMaxExecutorIds, workers.size() - begin);
    absl::StatusOr<std::vector<std::string>> ids =
        backend.ForceUnlock({from, from + static_cast<std::ptrdiff_t>(count)});
    if (!ids.ok()) return ids.status();
    std::move(ids->begin(), ids->end(), std::back_inserter(unlocked));
  }
  return unlocked;
}

absl::Status Run(const ForceUnlockOptions& options, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<std::vector<std::string>> unlocked = Unlock(options.workers, **backend);
  if (!unlocked.ok()) return unlocked.status();
  Print({.document = Json::object({{"unlocked", *unlocked}}),
         .table =
             [&](std::ostream& out, size_t) {
               for (const std::string& id : *unlocked) out << id << '\n';
             },
         .note = absl::StrFormat("jobs unlocked: %d", unlocked->size())},
        session);
  return absl::OkStatus();
}

}  // namespace

void DefineForceUnlock(CLI::App& app, Action& action) {
  DefineCommand<ForceUnlockOptions>(app, action, "force-unlock",
                                    "End the leases of workers now; prints the ids of the jobs",
                                    DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
