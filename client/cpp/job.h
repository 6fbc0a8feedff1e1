#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace leasehold::client {

// What happens when a job with the same key is already there and is not leased.
enum class IfExists {
  // The job takes every value of the new one; its attempts and its error are cleared.
  kReplace,
  // As kReplace, but run_at stays as long as the job has not failed yet.
  kPreserveRunAt,
  // The job stays as it is, whatever its state: even a permanently failed one, which will never
  // run.
  kUnsafeDedupe,
  // Nothing is added: AlreadyExists.
  kReject,
};

// A job to add; what is left out takes the server's default. Made for designated initialisers:
//   client.AddJob({.task = "hello", .payload = R"({"name":"you"})"});
struct NewJob {
  // Which handler runs it.
  std::string task = {};
  // JSON text, handed to the handler byte for byte. Empty: {}.
  std::string payload = {};
  // Serial queue: its jobs run one at a time, in order.
  std::optional<std::string> queue = {};
  // Not before this time. Excludes `delay`.
  std::optional<absl::Time> run_at = {};
  // Not before this long after the server received the job.
  std::optional<absl::Duration> delay = {};
  std::optional<int> max_attempts = {};
  // Unique among the jobs that have not ended.
  std::optional<std::string> key = {};
  // Smaller runs sooner.
  std::optional<int> priority = {};
  std::vector<std::string> flags = {};
  // Needs a key.
  std::optional<IfExists> if_exists = {};
  // Handed to the handler; the place of traceparent, tracestate and baggage.
  std::map<std::string, std::string> metadata = {};
};

// A completed job is gone: it has no state.
enum class JobState { kUnknown, kScheduled, kReady, kLeased, kFailed };

// A job as it stands in the queue.
struct Job {
  std::string id = {};
  std::string task = {};
  // Empty in the pages of ListJobs.
  std::string payload = {};
  std::optional<std::string> queue = {};
  int priority = 0;
  absl::Time run_at = {};
  // Attempts that have ended without success, and the running one if it is leased.
  int attempts = 0;
  int max_attempts = 0;
  std::string last_error = {};
  std::optional<std::string> key = {};
  std::vector<std::string> flags = {};
  int revision = 0;
  std::map<std::string, std::string> metadata = {};
  absl::Time created_at = {};
  absl::Time updated_at = {};
  JobState state = JobState::kUnknown;
  // Both set while leased.
  std::optional<absl::Time> locked_at = {};
  std::string locked_by = {};
};

}  // namespace leasehold::client
