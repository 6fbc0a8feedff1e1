#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/cpp/job.h"

namespace leasehold::client {

// What adds a job at each tick of a schedule; what is left out takes the server's default. Made for
// designated initialisers:
//   admin.PutCron({.schedule = "0 4 * * mon", .time_zone = "Europe/Berlin", .task = "report"});
struct CronSpec {
  // Names the cron: a letter or underscore, then letters, digits, underscores and dashes, 128 at
  // most. Empty: the task.
  std::string identifier = {};
  // Minute, hour, day of month, month, day of week; or @hourly, @daily, @weekly, @monthly, @yearly.
  std::string schedule = {};
  // Area/City, whose wall clock the schedule means. Empty: UTC.
  std::string time_zone = {};
  std::string task = {};
  // A JSON object; each job gets it with the member _cron {ts, backfilled}. Empty: {}.
  std::string payload = {};
  // How far back ticks are run that no server was there for. Default: up to a minute.
  std::optional<absl::Duration> fill = {};
  // As in NewJob.
  std::optional<int> max_attempts = {};
  std::optional<std::string> queue = {};
  std::optional<std::string> key = {};
  // Needs a key; not kReject.
  std::optional<IfExists> if_exists = {};
  std::optional<int> priority = {};
  std::vector<std::string> flags = {};
};

// A cron as it stands in the queue.
struct Cron {
  // With every default filled in.
  CronSpec spec = {};
  // "file": the leader's crontab file; empty: PutCron; else the name that ApplyCrontab gave.
  std::string source = {};
  bool paused = false;
  // Ticks before it do not count.
  absl::Time known_since = {};
  // The last tick that added a job; unset: none yet.
  std::optional<absl::Time> last_run = {};
  // Unset while paused.
  std::optional<absl::Time> next_run = {};
};

struct CronPage {
  // By identifier.
  std::vector<Cron> crons = {};
  // Empty on the last page.
  std::string next_page_token = {};
};

struct AppliedCrontab {
  // Those of the crontab, by identifier.
  std::vector<Cron> crons = {};
  // Identifiers of those that were removed.
  std::vector<std::string> removed = {};
};

}  // namespace leasehold::client
