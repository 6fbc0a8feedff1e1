#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"

namespace leasehold::testing {

// One change of a job row, as the database itself wrote it down in the transaction that made it.
struct Change {
  enum class What {
    kAdded,
    kCompleted,  // the row is gone
    kFailed,     // an attempt, by its executor
    kCrashed,    // swept after it had started
    kGivenBack,  // released, taken back, swept before it had started, or unlocked
    kChanged,    // its activation goes on
  };
  What what = What::kAdded;
  int64_t job = 0;
  int activation = 0;  // before the change: the one that it ended, if it ended one
  int attempts = 0;    // after the change
  int64_t n = -1;      // of the payload, after the change
  absl::Time time = {};
};

// A job that is in the database.
struct RemainingJob {
  int64_t id = 0;
  bool failed = false;  // its attempts are used up
};

// Has the database write down every change of a job row from now on. Call it before there are jobs.
void AuditJobs(const std::string& database_url);

void ReadAudit(const std::string& database_url, const std::function<void(const Change&)>& sink);
void ReadRemainingJobs(const std::string& database_url,
                       const std::function<void(const RemainingJob&)>& sink);

}  // namespace leasehold::testing
