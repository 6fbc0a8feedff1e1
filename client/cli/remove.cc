#include <string>

#include "client/cli/command.h"
#include "client/cpp/client.h"

namespace leasehold::cli {
namespace {

struct RemoveOptions {
  std::string key;
};

void DefineOptions(CLI::App& command, RemoveOptions& options) {
  command.add_option("KEY", options.key, "The job's key")->required();
}

absl::Status Run(const RemoveOptions& options, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<std::string> id = (*backend)->RemoveJob(options.key);
  if (!id.ok()) return id.status();
  PrintId(*id, session);
  return absl::OkStatus();
}

}  // namespace

void DefineRemove(CLI::App& app, Action& action) {
  DefineCommand<RemoveOptions>(app, action, "remove", "Remove the job with a key; prints its id",
                               DefineOptions, Run)
      ->footer(
          "A leased job runs on, but is not retried.\n\nExample:\n  leasehold remove daily-report");
}

}  // namespace leasehold::cli
