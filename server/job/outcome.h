#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/job/lease_token.h"

namespace leasehold {

enum class OutcomeKind { kComplete, kFail, kRelease };

// What an executor says of a lease.
struct Outcome {
  LeaseToken token;
  OutcomeKind kind = OutcomeKind::kComplete;
  // kFail: at most 64 KiB.
  std::string error;
  bool permanent = false;
  // kFail: instead of the back-off. kRelease: before the job may run again.
  std::optional<absl::Duration> delay;
  // kFail: the payload of the next attempt.
  std::optional<std::string> payload;
};

// What became of an outcome.
enum class OutcomeResult { kRecorded, kLeaseLost };

}  // namespace leasehold
