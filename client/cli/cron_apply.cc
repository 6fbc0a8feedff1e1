#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "client/cli/cron.h"
#include "client/cli/cron_output.h"
#include "client/cli/crontab_file.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(All of its entries or none. What did not change goes on as it is, so that applying it again
is harmless. With --name, crons of that name that the file does not have any more are removed.

Examples:
  leasehold cron apply crontab --name reports
  generate-crontab | leasehold cron apply - --name generated)";

struct CronApplyOptions {
  std::string file;
  std::string name;
};

void DefineOptions(CLI::App& command, CronApplyOptions& options) {
  AddCrontabFile(command, options.file);
  command.add_option("--name", options.name, "Whose entries they are")->type_name("NAME");
}

Json Document(const client::AppliedCrontab& applied) {
  Json crons = Json::array();
  for (const client::Cron& cron : applied.crons) crons.push_back(CronDocument(cron));
  return {{"crons", std::move(crons)}, {"removed", applied.removed}};
}

absl::Status Run(const CronApplyOptions& options, Session& session) {
  const auto text = ReadCrontabFile(options.file, session.in);
  if (!text.ok()) return text.status();
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<client::AppliedCrontab> applied =
      (*backend)->ApplyCrontab(*text, options.name);
  if (applied.status().code() == absl::StatusCode::kInvalidArgument) {
    // The server judges; but the faults look better here than in one line.
    const Crontab crontab = ParseCrontab(*text);
    if (!crontab.errors.empty()) return FaultyCrontab(crontab.errors, options.file, session.err);
  }
  if (!applied.ok()) return applied.status();
  std::string note = applied->crons.empty() ? "the crontab has no entries" : "";
  if (!applied->removed.empty()) note = "removed: " + absl::StrJoin(applied->removed, ", ");
  Print({.document = Document(*applied),
         .table = [&](std::ostream& out, size_t width) { PrintCrons(applied->crons, width, out); },
         .note = std::move(note)},
        session);
  return absl::OkStatus();
}

}  // namespace

void DefineCronApply(CLI::App& cron, Action& action) {
  DefineCommand<CronApplyOptions>(cron, action, "apply",
                                  "Store the entries of a crontab; shows them", DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
