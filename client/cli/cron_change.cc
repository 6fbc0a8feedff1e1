#include <string>

#include "client/cli/cron.h"
#include "client/cli/cron_output.h"

namespace leasehold::cli {
namespace {

struct CronOptions {
  std::string identifier;
};

void DefineOptions(CLI::App& command, CronOptions& options) {
  command.add_option("IDENTIFIER", options.identifier, "The cron's, as cron list shows it")
      ->required();
}

using Change = absl::StatusOr<client::Cron> (Backend::*)(const std::string&);

absl::Status RunChange(Change change, const CronOptions& options, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<client::Cron> cron = (**backend.*change)(options.identifier);
  if (!cron.ok()) return cron.status();
  Print({.document = CronDocument(*cron),
         .table = [&](std::ostream& out, size_t width) { PrintCrons({*cron}, width, out); }},
        session);
  return absl::OkStatus();
}

absl::Status RunPause(const CronOptions& options, Session& session) {
  return RunChange(&Backend::PauseCron, options, session);
}

absl::Status RunResume(const CronOptions& options, Session& session) {
  return RunChange(&Backend::ResumeCron, options, session);
}

absl::Status RunNow(const CronOptions& options, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<std::string> id = (*backend)->RunCron(options.identifier);
  if (!id.ok()) return id.status();
  PrintId(*id, session);
  return absl::OkStatus();
}

absl::Status RunRemove(const CronOptions& options, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  absl::Status removed = (*backend)->RemoveCron(options.identifier);
  if (!removed.ok()) return removed;
  Print({.document = {{"removed", options.identifier}},
         .table = [&](std::ostream& out,
                      size_t) { out << "removed " << options.identifier << '\n'; }},
        session);
  return absl::OkStatus();
}

}  // namespace

void DefineCronPause(CLI::App& cron, Action& action) {
  DefineCommand<CronOptions>(cron, action, "pause",
                             "Let a cron add no jobs, until it is resumed; shows it", DefineOptions,
                             RunPause)
      ->footer("Also for those of the crontab file; a pause survives restarts.");
}

void DefineCronResume(CLI::App& cron, Action& action) {
  DefineCommand<CronOptions>(cron, action, "resume", "Let a cron run again, from now on; shows it",
                             DefineOptions, RunResume)
      ->footer("What fell into the pause is not made up for.");
}

void DefineCronRun(CLI::App& cron, Action& action) {
  DefineCommand<CronOptions>(cron, action, "run", "Add a job of a cron now; prints the job's id",
                             DefineOptions, RunNow)
      ->footer("Paused or not; its next run stays as it is.");
}

void DefineCronRemove(CLI::App& cron, Action& action) {
  DefineCommand<CronOptions>(cron, action, "remove",
                             "Remove a cron that is not of the crontab file", DefineOptions,
                             RunRemove)
      ->footer("Jobs that it has added stay. One of the crontab file is removed from the file.");
}

}  // namespace leasehold::cli
