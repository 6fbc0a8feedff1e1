#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/cli/cron.h"
#include "client/cli/crontab_file.h"
#include "client/cli/text.h"
#include "client/cli/values.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(Asks no server. Faults are written to standard error, each with its line and column; the exit
status is 1 if there is one.

Examples:
  leasehold cron check crontab
  leasehold cron check crontab --count 1 --from 2030-03-30T00:00:00Z)";

struct CronCheckOptions {
  std::string file;
  int count = 5;
  std::optional<absl::Time> from;
};

void DefineOptions(CLI::App& command, CronCheckOptions& options) {
  AddCrontabFile(command, options.file);
  command.add_option("--count", options.count, "How many runs of each entry are shown [5]")
      ->type_name("N")
      ->check(CLI::Range(0, 1000));
  AddParsedOption(command, "--from", options.from, ParseRunAt, "Runs after this time [now]")
      ->type_name("TIME");
}

std::vector<absl::Time> NextRuns(const Schedule& schedule, absl::Time from, int count) {
  std::vector<absl::Time> runs;
  for (int i = 0; i < count; ++i) {
    from = schedule.NextAfter(from);
    if (from == absl::InfiniteFuture()) break;
    runs.push_back(from);
  }
  return runs;
}

// In the time zone of the entry.
Json Document(const CronEntry& entry, const std::vector<absl::Time>& runs) {
  Json times = Json::array();
  for (const absl::Time run : runs) {
    times.push_back(absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez", run, entry.schedule.zone()));
  }
  return {{"identifier", entry.spec.identifier},    {"schedule", entry.spec.schedule},
          {"time_zone", entry.spec.time_zone},      {"task", entry.spec.task},
          {"payload", RawJson(entry.spec.payload)}, {"next_runs", std::move(times)}};
}

void PrintEntry(const CronEntry& entry, const std::vector<absl::Time>& runs, std::ostream& out) {
  out << Printable(absl::StrFormat("%s: %s %s", entry.spec.identifier, entry.spec.schedule,
                                   entry.spec.time_zone))
      << '\n';
  for (const absl::Time run : runs) {
    out << absl::FormatTime("  %a %Y-%m-%d %H:%M %Ez\n", run, entry.schedule.zone());
  }
}

absl::Status Run(const CronCheckOptions& options, Session& session) {
  const auto text = ReadCrontabFile(options.file, session.in);
  if (!text.ok()) return text.status();
  const Crontab crontab = ParseCrontab(*text);
  if (!crontab.errors.empty()) return FaultyCrontab(crontab.errors, options.file, session.err);
  const absl::Time from = options.from.value_or(absl::Now());
  const auto runs = [&](const CronEntry& entry) {
    return NextRuns(entry.schedule, from, options.count);
  };
  Print(
      {.element = [&](size_t i) { return Document(crontab.entries[i], runs(crontab.entries[i])); },
       .count = crontab.entries.size(),
       .table =
           [&](std::ostream& out, size_t) {
             for (const CronEntry& entry : crontab.entries) PrintEntry(entry, runs(entry), out);
           },
       .note = crontab.entries.empty() ? "the crontab has no entries" : ""},
      session);
  return absl::OkStatus();
}

}  // namespace

void DefineCronCheck(CLI::App& cron, Action& action) {
  DefineCommand<CronCheckOptions>(
      cron, action, "check", "Check a crontab, and show when its entries run", DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
