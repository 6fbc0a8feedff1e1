#include "server/store/operator/migrate.h"

#include <string>
#include <vector>

#include "client/cli/command.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(Creates the schema, or brings it up to date; a server does the same when it starts. What
older servers cannot live with is not applied while one is at work.

Examples:
  leasehold migrate --database-url postgresql:///app
  leasehold migrate --dry-run      # with DATABASE_URL in the environment)";

struct MigrateCommandOptions {
  bool dry_run = false;
};

void PrintLines(const std::vector<std::string>& names, const std::string& word, std::ostream& out) {
  for (const std::string& name : names) out << word << ' ' << name << '\n';
}

absl::Status Run(const MigrateCommandOptions& options, Session& session) {
  store::MigrateOptions migrate;
  migrate.schema = SchemaName(session);
  const auto report = store::MigrateByHand(DatabaseUrl(session), migrate, options.dry_run);
  if (!report.ok()) return report.status();
  const std::vector<std::string> pending =
      options.dry_run ? report->pending : std::vector<std::string>();
  Print({.document = Json::object({{"schema", migrate.schema},
                                   {"dry_run", options.dry_run},
                                   {"applied", report->applied},
                                   {"pending", pending},
                                   {"warnings", report->warnings}}),
         .table =
             [&](std::ostream& out, size_t) {
               PrintLines(report->applied, "applied", out);
               PrintLines(pending, "pending", out);
               if (report->applied.empty() && pending.empty()) out << "nothing was pending\n";
               PrintLines(report->warnings, "warning:", out);
             }},
        session);
  return absl::OkStatus();
}

}  // namespace

void DefineMigrate(CLI::App& app, Action& action) {
  DefineCommand<MigrateCommandOptions>(
      app, action, "migrate", "Create the schema in a database, or bring it up to date",
      [](CLI::App& command, MigrateCommandOptions& options) {
        command.add_flag("--dry-run", options.dry_run, "Only say what is pending");
      },
      Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
