#include "client/cli/values.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "server/cron/crontab_options.h"

namespace leasehold::cli {
namespace {

constexpr absl::Duration kLongestDuration = absl::Hours(24 * 3653);

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(const std::string& text) {
  absl::Duration duration;
  double seconds;
  if (absl::SimpleAtod(text, &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("\"%s\" is not a duration (like 30s, 5m, 1h30m, 250ms)", text));
  }
  if (duration < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is negative", text));
  }
  // Not-a-number and infinity fail this as well.
  if (!(duration <= kLongestDuration)) {
    return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is more than ten years", text));
  }
  return duration;
}

absl::StatusOr<absl::Duration> ParsePeriod(const std::string& text) {
  absl::Duration period;
  if (ReadPeriod(text, period) && period <= kLongestDuration) return period;
  return ParseDuration(text);
}

absl::StatusOr<std::optional<absl::Time>> ParseRunAt(const std::string& text) {
  if (text == "now") return std::nullopt;
  absl::Time time;
  std::string error;
  // ParseTime also takes "infinite-future", which is no time of RFC 3339.
  if (text.find("infinite") != std::string::npos ||
      !absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("\"%s\" is not a time (like 2030-01-31T12:00:00Z, or now)", text));
  }
  return time;
}

absl::StatusOr<client::IfExists> ParseJobKeyMode(const std::string& text) {
  std::string mode = text;
  std::replace(mode.begin(), mode.end(), '-', '_');
  if (mode == "replace") return client::IfExists::kReplace;
  if (mode == "preserve_run_at") return client::IfExists::kPreserveRunAt;
  if (mode == "unsafe_dedupe") return client::IfExists::kUnsafeDedupe;
  if (mode == "reject") return client::IfExists::kReject;
  return absl::InvalidArgumentError(absl::StrFormat(
      "\"%s\" is not one of replace, preserve_run_at, unsafe_dedupe, reject", text));
}

absl::StatusOr<std::optional<client::JobState>> ParseState(const std::string& text) {
  if (text == "all") return std::nullopt;
  if (text == "ready") return client::JobState::kReady;
  if (text == "scheduled") return client::JobState::kScheduled;
  if (text == "leased" || text == "locked") return client::JobState::kLeased;
  if (text == "failed") return client::JobState::kFailed;
  return absl::InvalidArgumentError(
      absl::StrFormat("\"%s\" is not one of all, ready, scheduled, leased, failed", text));
}

absl::StatusOr<std::pair<std::string, std::string>> ParseMetadata(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is not key=value", text));
  }
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

}  // namespace leasehold::cli
