#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/cli/cron.h"
#include "client/cli/cron_output.h"
#include "client/cli/values.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(A cron of the same identifier is replaced and keeps its pause; it runs from now on as the new
one says. Those of the crontab file and of cron apply --name are not replaced.

Examples:
  leasehold cron add --schedule '*/15 8-18 * * mon-fri' --task poll
  leasehold cron add --id nightly --schedule @daily --tz America/New_York --task report \
    --payload '{"kind": "sales"}' --fill 1d --queue reports)";

void DefineOptions(CLI::App& command, client::CronSpec& spec) {
  command
      .add_option("--schedule", spec.schedule,
                  "Minute, hour, day of month, month, day of week; or @hourly, @daily, ...")
      ->type_name("SCHEDULE")
      ->required();
  command.add_option("--task", spec.task, "Which handler runs the jobs")
      ->type_name("TASK")
      ->required();
  command.add_option("--id", spec.identifier, "Names the cron [the task]")->type_name("IDENTIFIER");
  command.add_option("--tz", spec.time_zone, "Whose wall clock the schedule means [UTC]")
      ->type_name("AREA/CITY");
  AddParsedOption(command, "--fill", spec.fill, ParsePeriod,
                  "How far back ticks are run that no server was there for [a minute]")
      ->type_name("DURATION");
  command.add_option("--payload", spec.payload, "A JSON object; the jobs get it and _cron [{}]")
      ->type_name("JSON");
  command.add_option("--queue", spec.queue, "Serial queue: its jobs run one at a time")
      ->type_name("NAME");
  command.add_option("--max-attempts", spec.max_attempts, "Before a job has failed for good [25]")
      ->type_name("N");
  command.add_option("--priority", spec.priority, "Smaller runs sooner [0]")->type_name("N");
  CLI::Option* key =
      command.add_option("--key,--job-key", spec.key, "Of the jobs: unique among those not ended")
          ->type_name("KEY");
  AddParsedOption(command, "--job-key-mode", spec.if_exists, ParseJobKeyMode,
                  "What happens if the key is there [replace]")
      ->type_name("replace|preserve-run-at|unsafe-dedupe")
      ->needs(key);
  command.add_option("--flag", spec.flags, "Executors may forbid flags (repeat for more)")
      ->type_name("FLAG")
      ->allow_extra_args(false);
}

absl::Status Run(const client::CronSpec& spec, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<client::Cron> cron = (*backend)->PutCron(spec);
  if (!cron.ok()) return cron.status();
  Print({.document = CronDocument(*cron),
         .table = [&](std::ostream& out, size_t width) { PrintCrons({*cron}, width, out); }},
        session);
  return absl::OkStatus();
}

}  // namespace

void DefineCronAdd(CLI::App& cron, Action& action) {
  DefineCommand<client::CronSpec>(cron, action, "add", "Add a cron, or replace it; shows it",
                                  DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
