#include <string>

#include "client/cli/command.h"
#include "client/cli/job_output.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(Examples:
  leasehold show 42
  leasehold show 42 --json | jq .payload)";

struct ShowOptions {
  std::string id;
};

void DefineOptions(CLI::App& command, ShowOptions& options) {
  command.add_option("ID", options.id, "The job's id")->required();
}

absl::Status Run(const ShowOptions& options, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<client::Job> job = (*backend)->GetJob(options.id);
  if (!job.ok()) return job.status();
  Print({.document = JobDocument(*job),
         .table = [&](std::ostream& out, size_t) { PrintJob(*job, out); }},
        session);
  return absl::OkStatus();
}

}  // namespace

void DefineShow(CLI::App& app, Action& action) {
  DefineCommand<ShowOptions>(app, action, "show", "Show one job, its payload and its last error",
                             DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
