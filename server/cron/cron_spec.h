#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/cron/schedule.h"
#include "server/job/job.h"

namespace leasehold {

// Farther back nothing is run.
inline constexpr absl::Duration kMaxCronFill = absl::Hours(24 * 3650);

// A cron as somebody wrote it.
struct CronSpec {
  std::string identifier;  // empty: the task
  std::string schedule;    // "*/15 8-18 * * mon-fri", "@daily"
  std::string time_zone;   // Area/City; empty: UTC
  std::string task;
  std::string payload = "{}";  // JSON object; empty: {}
  absl::Duration fill;
  int max_attempts = 25;
  std::optional<std::string> queue_name;
  std::optional<std::string> key;
  KeyMode key_mode = KeyMode::kReplace;  // not kReject
  int priority = 0;
  std::vector<std::string> flags;

  friend bool operator==(const CronSpec&, const CronSpec&) = default;
};

// A cron that was checked. Of its spec every default is filled in, the schedule has single spaces,
// and the payload has no blanks and no `_cron`: two entries that mean the same are equal.
struct CronEntry {
  CronSpec spec;
  Schedule schedule;
};

// What is wrong with a field of a spec.
struct CronFault {
  std::string_view field;    // its name in the proto, as "time_zone"
  std::optional<size_t> at;  // byte in the field's text, from 0, where that is known
  std::string message;       // continues the field's name: "must have 1 to 128 characters, not 0"

  // The message, with the column if there is one.
  std::string Describe() const;
};

// Adds every fault there is; nullopt if there was any. How many bytes a payload may have is the
// caller's rule. The texts must be valid UTF-8.
std::optional<CronEntry> CheckCron(CronSpec spec, std::vector<CronFault>& faults);

// Every fault of the spec is in the message of the error.
absl::StatusOr<CronEntry> CheckCron(CronSpec spec);

// A task's name as a crontab can write it: a letter or underscore, then letters, digits, and
// underscores, colons, slashes and dashes.
bool IsCrontabTask(std::string_view text);

// The job of a tick of a checked spec: its run_at is the tick, its payload has _cron {ts,
// backfilled}. `ts` is RFC 3339 in UTC with milliseconds, as in 2026-03-01T04:00:00.000Z.
NewJob JobOfTick(const CronSpec& spec, absl::Time tick, bool backfilled);

}  // namespace leasehold
