#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/cron/cron_spec.h"
#include "server/job/job.h"

// The operations of store_request.h that are about crons; both are writes.
namespace leasehold {

// When a cron runs, and how far back: one that changes in it begins anew.
struct CronTiming {
  std::string schedule;
  std::string time_zone;
  absl::Duration fill;  // whole microseconds
  friend bool operator==(const CronTiming&, const CronTiming&) = default;
};

// What is known of a cron, wherever it stands: a row of `known_crontabs`.
struct KnownCron {
  std::string identifier;
  absl::Time known_since;
  std::optional<absl::Time> last_execution;
  std::optional<CronTiming> timing;  // unset: Graphile Worker has met it, and we did not
  bool paused = false;
};

// A cron of the table `crons`.
struct StoredCron {
  CronEntry entry;
  std::string source;  // the crontab that it came with; empty: it came alone
};

// Stores and removes crons, and writes what is known of them but last_execution, which RunCronTicks
// alone moves. kAborted: somebody holds one of their rows; nothing was done.
struct ChangeCrons {
  std::vector<StoredCron> store;
  std::vector<std::string> remove;  // identifiers
  std::vector<KnownCron> know;      // with timing
  std::vector<std::string> forget;  // identifiers of which nothing is known afterwards
};
struct ChangeCronsAnswer {};

// For each tick whose cron did not come so far: last_execution becomes the tick and the job is
// added, by its key if it has one; both or none. Those of one cron ascend.
struct RunCronTicks {
  struct Tick {
    std::string cron;
    absl::Time at;
    NewJob job;  // its run_at is set
  };
  std::vector<Tick> ticks;
};
struct RunCronTicksAnswer {
  enum class Outcome {
    kAdded,
    kSkipped,  // it ran before
    kLocked,   // somebody holds the row of the cron or of a job with its key
    kRefused,  // PostgreSQL refuses the job
    kUntried,  // behind one that is locked or refused, or too many of them were met
  };
  struct Tick {
    Outcome outcome = Outcome::kUntried;
    std::string problem = {};  // kRefused: why, if it is known
  };
  std::vector<Tick> ticks;  // one per tick, in order
  // The rows of the jobs of those added, as they now stand.
  std::vector<RankedJob> changed;
};

}  // namespace leasehold
