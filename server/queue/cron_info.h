#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/cron/cron_spec.h"

namespace leasehold::queue {

// A cron as operators see it.
struct CronInfo {
  CronSpec spec;
  std::string source;  // kCrontabFile, the name of a stored crontab, or empty
  bool paused = false;
  absl::Time known_since;
  std::optional<absl::Time> last_run;
  std::optional<absl::Time> next_run;  // unset: it is paused, or none comes
};

// The source of the crons of the leader's crontab file.
inline constexpr char kCrontabFile[] = "file";

// What operators and programs do to crons.
struct CronChange {
  enum class Kind { kPut, kApply, kPause, kResume, kRemove };

  Kind kind = Kind::kPut;
  std::vector<CronEntry> entries = {};  // kPut: one; kApply: no identifier twice
  std::string source = {};              // kApply; empty: nobody's
  std::string identifier = {};          // the others
};

struct CronsChanged {
  std::vector<CronInfo> crons;       // those named, as they are now, by identifier
  std::vector<std::string> removed;  // identifiers, ascending
};

}  // namespace leasehold::queue
