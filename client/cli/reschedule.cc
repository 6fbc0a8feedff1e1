#include <optional>
#include <string>
#include <vector>

#include "client/cli/change_jobs.h"
#include "client/cli/command.h"
#include "client/cli/job_ids.h"
#include "client/cli/values.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(At least one of its options is needed; what is not given stays as it is.
Leased jobs are left alone, as are those that are not there: then the exit status is 1.

Examples:
  leasehold reschedule 42 --delay 1h30m
  leasehold reschedule 42 43 --run-at 2030-01-31T12:00:00Z --priority -5
  leasehold list --state failed --limit 0 -o json | leasehold reschedule - --now --attempts 0)";

struct RescheduleOptions {
  std::vector<std::string> ids;
  bool now = false;
  // "--run-at now" is no time.
  std::optional<std::optional<absl::Time>> run_at;
  std::optional<absl::Duration> delay;
  client::Reschedule values;
};

void DefineOptions(CLI::App& command, RescheduleOptions& options) {
  AddJobIds(command, options.ids);
  CLI::Option* now = command.add_flag("--now", options.now, "Run them as soon as they can");
  CLI::Option* run_at = AddParsedOption(command, "--run-at", options.run_at, ParseRunAt,
                                        "Not before this time (RFC 3339, or now)");
  run_at->type_name("TIME")->excludes(now);
  AddParsedOption(command, "--delay", options.delay, ParseDuration, "Not before this long from now")
      ->type_name("DURATION")
      ->excludes(now)
      ->excludes(run_at);
  command.add_option("--priority", options.values.priority, "Smaller runs sooner")->type_name("N");
  command
      .add_option("--attempts", options.values.attempts,
                  "Attempts behind them; 0 revives jobs that have failed for good")
      ->type_name("N");
  command
      .add_option("--max-attempts", options.values.max_attempts, "Before they have failed for good")
      ->type_name("N");
}

client::Reschedule ValuesOf(const RescheduleOptions& options) {
  client::Reschedule values = options.values;
  values.delay = options.delay;
  if (options.run_at.has_value()) values.run_at = *options.run_at;
  if (options.now || (options.run_at.has_value() && !values.run_at.has_value())) {
    values.delay = absl::ZeroDuration();
  }
  return values;
}

absl::Status Run(const RescheduleOptions& options, Session& session) {
  const client::Reschedule values = ValuesOf(options);
  if (!values.run_at && !values.delay && !values.priority && !values.attempts &&
      !values.max_attempts) {
    throw CLI::RequiredError(
        "one of --now, --run-at, --delay, --priority, --attempts, --max-attempts");
  }
  return ChangeJobs(
      options.ids,
      [&](Backend& backend, const std::vector<std::string>& ids) {
        return backend.RescheduleJobs(ids, values);
      },
      session);
}

}  // namespace

void DefineReschedule(CLI::App& app, Action& action) {
  DefineCommand<RescheduleOptions>(app, action, "reschedule",
                                   "Change when and how often jobs run; prints their ids",
                                   DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
