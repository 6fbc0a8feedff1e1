#include "server/store/import/import.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/text.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(In one transaction: all of it, or with any error nothing. It needs the database, no server.
docs/import.md says what becomes of what, and how a take-over is undone.

Examples:
  leasehold import --database-url postgresql:///app --dry-run
  leasehold import --database-url postgresql:///app --take-over)";

struct ImportCommandOptions {
  store::ImportOptions import;
};

void DefineOptions(CLI::App& command, ImportCommandOptions& options) {
  store::ImportOptions& import = options.import;
  command.add_option("--from-schema", import.from_schema, "Theirs [graphile_worker]")
      ->type_name("NAME");
  command.add_flag("--dry-run", import.dry_run,
                   "Only say what would be moved, and what is in the way");
  command.add_flag("--unlock", import.unlock,
                   "Move locked jobs too: of workers that are gone; the attempt is given back");
  command.add_flag("--take-over", import.take_over,
                   "Rename theirs, and give its name and its grants to ours");
}

Json Document(const store::ImportReport& report, bool dry_run) {
  Json tasks = Json::array();
  for (const auto& task : report.tasks) {
    tasks.push_back(Json{{"task", task.name},
                         {"jobs", task.jobs},
                         {"failed", task.failed},
                         {"locked", task.locked}});
  }
  Json locks = Json::array();
  for (const auto& lock : report.locks) {
    locks.push_back(Json{{"worker", lock.worker}, {"jobs", lock.jobs}, {"since", lock.since}});
  }
  return {
      {"dry_run", dry_run},
      {"from_schema", report.from_schema},
      {"program", report.program},
      {"schema", report.schema},
      {"renamed_to", OrNull(report.renamed_to)},
      {"jobs", report.jobs},
      {"failed", report.failed},
      {"locked", report.locked},
      {"queues", report.queues},
      {"crontabs", report.crontabs},
      {"keeps_ids", report.keeps_ids},
      {"tasks", std::move(tasks)},
      {"locks", std::move(locks)},
      {"grants", report.grants},
      {"warnings", report.warnings},
      {"obstacles", report.obstacles},
  };
}

void PrintTasks(const store::ImportReport& report, size_t width, std::ostream& out) {
  if (report.tasks.empty()) return;
  using Align = Table::Align;
  Table table(
      {{"TASK"}, {"JOBS", Align::kRight}, {"FAILED", Align::kRight}, {"LOCKED", Align::kRight}});
  for (const auto& task : report.tasks) {
    table.AddRow({task.name, std::to_string(task.jobs), std::to_string(task.failed),
                  std::to_string(task.locked)});
  }
  table.Print(out, width);
  out << '\n';
}

std::string Count(int64_t count, const char* noun) {
  return absl::StrFormat("%d %s%s", count, noun, count == 1 ? "" : "s");
}

void PrintReport(const store::ImportReport& report, bool dry_run, size_t width, std::ostream& out) {
  PrintTasks(report, width, out);
  out << absl::StrFormat(
      "%s %s (%d failed for good, %d locked) of %s and %s of %s, schema \"%s\"%s\n",
      dry_run ? "would move" : "moved", Count(report.jobs, "job"), report.failed, report.locked,
      Count(report.queues, "queue"), Count(report.crontabs, "known crontab"), report.program,
      report.from_schema,
      report.renamed_to.empty() ? absl::StrFormat(", to schema \"%s\"", report.schema) : "");
  if (!report.renamed_to.empty()) {
    out << absl::StrFormat("%s \"%s\" to \"%s\"; \"%s\" is Leasehold's\n",
                           dry_run ? "would rename" : "renamed", report.from_schema,
                           report.renamed_to, report.schema);
  }
  out << (report.keeps_ids ? "the jobs keep their ids\n"
                           : "the jobs get new ids, in the same order\n");
  for (const std::string& grant : report.grants) out << grant << '\n';
  for (const std::string& warning : report.warnings) out << "warning: " << warning << '\n';
  for (const std::string& obstacle : report.obstacles) out << "in the way: " << obstacle << '\n';
}

absl::Status Run(const ImportCommandOptions& options, Session& session) {
  store::ImportOptions import = options.import;
  if (import.take_over && !session.schema.empty()) {
    throw CLI::ValidationError("--schema", "is not for --take-over: ours takes the name of theirs");
  }
  import.schema = SchemaName(session);
  const auto report = store::Import(DatabaseUrl(session), import);
  if (!report.ok()) return report.status();
  Print({.document = Document(*report, import.dry_run),
         .table = [&](std::ostream& out,
                      size_t width) { PrintReport(*report, import.dry_run, width, out); }},
        session);
  if (report->obstacles.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError("nothing can be moved yet: see what is in the way");
}

}  // namespace

void DefineImport(CLI::App& app, Action& action) {
  DefineCommand<ImportCommandOptions>(app, action, "import",
                                      "Move the jobs of graphile-worker or graphile_worker_rs here",
                                      DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
