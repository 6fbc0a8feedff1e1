#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cpp/job.h"

// What people type on a command line, turned into values. Errors say what is wrong and what is
// right.
namespace leasehold::cli {

// "30s", "1h30m", "250ms", or a plain number of seconds; not negative, at most ten years.
absl::StatusOr<absl::Duration> ParseDuration(const std::string& text);

// As ParseDuration, or as crontabs have it, with days and weeks: "1w2d12h".
absl::StatusOr<absl::Duration> ParsePeriod(const std::string& text);

// RFC 3339 ("2030-01-31T12:00:00Z", "2030-01-31T12:00:00+02:00"), or "now", which is no time at
// all.
absl::StatusOr<std::optional<absl::Time>> ParseRunAt(const std::string& text);

// "replace", "preserve_run_at", "unsafe_dedupe" (or with hyphens), "reject".
absl::StatusOr<client::IfExists> ParseJobKeyMode(const std::string& text);

// "all" is no state in particular; "leased" is also called "locked".
absl::StatusOr<std::optional<client::JobState>> ParseState(const std::string& text);

// "key=value"; the value may be empty and may have a "=".
absl::StatusOr<std::pair<std::string, std::string>> ParseMetadata(const std::string& text);

}  // namespace leasehold::cli
