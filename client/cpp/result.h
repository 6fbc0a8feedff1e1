#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"

namespace leasehold::client {

// How one attempt ended: what a handler returns. Make it with the functions below.
struct Result {
  enum class Kind { kComplete, kFail, kRelease };

  Kind kind = Kind::kComplete;
  // The rest is for kFail, but `delay`, which is also for kRelease.
  std::string error = {};
  bool permanent = false;
  // Instead of the server's back-off.
  std::optional<absl::Duration> delay = {};
  // JSON text: the payload of the next attempt.
  std::optional<std::string> payload = {};

  // The same failure, with another payload for the next attempt.
  Result WithPayload(std::string json) && {
    payload = std::move(json);
    return std::move(*this);
  }
};

// The job is done; it leaves the queue.
inline Result Complete() { return {}; }

// The attempt is counted; the job runs again after its back-off unless its attempts are used up.
inline Result Fail(std::string error) {
  return {.kind = Result::Kind::kFail, .error = std::move(error)};
}

// The job has failed for good: it is not tried again.
inline Result Permanent(std::string error) {
  return {.kind = Result::Kind::kFail, .error = std::move(error), .permanent = true};
}

// As Fail, but the next attempt waits for `delay` instead of the back-off.
inline Result RetryAfter(std::string error, absl::Duration delay) {
  return {.kind = Result::Kind::kFail, .error = std::move(error), .delay = delay};
}

// The job goes back unharmed, its attempt not counted: the handler was interrupted.
inline Result Release(absl::Duration delay = absl::ZeroDuration()) {
  return {.kind = Result::Kind::kRelease, .delay = delay};
}

}  // namespace leasehold::client
