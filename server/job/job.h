#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"

namespace leasehold {

using JobId = int64_t;

// A job's place in the order of work: smaller runs sooner. Times have whole microseconds, as in
// PostgreSQL, so that a rank read back equals the rank written.
struct Rank {
  int priority = 0;
  absl::Time run_at;
  JobId id = 0;

  friend bool operator<(const Rank& a, const Rank& b) {
    return std::tie(a.priority, a.run_at, a.id) < std::tie(b.priority, b.run_at, b.id);
  }
  friend bool operator==(const Rank& a, const Rank& b) {
    return std::tie(a.priority, a.run_at, a.id) == std::tie(b.priority, b.run_at, b.id);
  }
};

// What ranking needs of a job row: no payload.
struct RankedJob {
  JobId id = 0;
  std::string task;
  std::optional<std::string> queue_name;
  int priority = 0;
  absl::Time run_at;
  int attempts = 0;
  int max_attempts = 25;
  int activation = 0;
  int crashes = 0;
  std::vector<std::string> flags;

  Rank rank() const { return {priority, run_at, id}; }
  bool permanently_failed() const { return attempts >= max_attempts; }
};

// A whole job row.
struct Job : RankedJob {
  std::string payload;   // JSON text
  std::string metadata;  // JSON object of strings
  std::string last_error;
  std::optional<std::string> key;
  int revision = 0;
  absl::Time created_at;
  absl::Time updated_at;
  // From its live lease; unset where none was asked for or there is none.
  std::optional<absl::Time> locked_at;
  std::string locked_by;
};

// What to do with an unleased job that has the new job's key.
enum class KeyMode { kReplace, kPreserveRunAt, kUnsafeDedupe, kReject };

// A job to add, checked, with every default filled in but the time.
struct NewJob {
  std::string task;
  std::string payload = "{}";
  std::optional<std::string> queue_name;
  std::optional<absl::Time> run_at;  // unset: now + delay
  absl::Duration delay;
  int max_attempts = 25;
  std::optional<std::string> key;
  KeyMode key_mode = KeyMode::kReplace;
  int priority = 0;
  std::vector<std::string> flags;
  std::string metadata = "{}";
};

}  // namespace leasehold
