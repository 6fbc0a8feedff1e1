#include "client/cli/cron_output.h"

#include <string>

#include "client/cli/text.h"

namespace leasehold::cli {
namespace {

Json KeyModeOf(const client::CronSpec& spec) {
  if (!spec.key.has_value()) return nullptr;
  switch (spec.if_exists.value_or(client::IfExists::kReplace)) {
    case client::IfExists::kPreserveRunAt:
      return "preserve_run_at";
    case client::IfExists::kUnsafeDedupe:
      return "unsafe_dedupe";
    default:
      return "replace";
  }
}

std::string TimeOrDash(const std::optional<absl::Time>& time) {
  return time.has_value() ? LocalTime(*time) : "-";
}

}  // namespace

Json CronDocument(const client::Cron& cron) {
  const client::CronSpec& spec = cron.spec;
  return {
      {"identifier", spec.identifier},
      {"schedule", spec.schedule},
      {"time_zone", spec.time_zone},
      {"task", spec.task},
      {"payload", spec.payload.empty() ? Json(nullptr) : RawJson(spec.payload)},
      {"fill_seconds", absl::ToInt64Seconds(spec.fill.value_or(absl::ZeroDuration()))},
      {"max_attempts", OrNull(spec.max_attempts)},
      {"queue", OrNull(spec.queue)},
      {"key", OrNull(spec.key)},
      {"key_mode", KeyModeOf(spec)},
      {"priority", OrNull(spec.priority)},
      {"flags", spec.flags},
      {"source", OrNull(cron.source)},
      {"paused", cron.paused},
      {"known_since", UtcTime(cron.known_since)},
      {"last_run", OrNull(cron.last_run)},
      {"next_run", OrNull(cron.next_run)},
  };
}

void PrintCrons(const std::vector<client::Cron>& crons, size_t width, std::ostream& out) {
  Table table({{"IDENTIFIER"},
               {"SCHEDULE"},
               {"TZ"},
               {"TASK"},
               {"SOURCE"},
               {"STATE"},
               {"LAST RUN"},
               {"NEXT RUN"}});
  for (const client::Cron& cron : crons) {
    table.AddRow({cron.spec.identifier, cron.spec.schedule, cron.spec.time_zone, cron.spec.task,
                  cron.source.empty() ? "-" : cron.source, cron.paused ? "paused" : "active",
                  TimeOrDash(cron.last_run), TimeOrDash(cron.next_run)});
  }
  table.Print(out, width);
}

}  // namespace leasehold::cli
