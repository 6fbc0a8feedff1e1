#include "server/base/errors.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_format.h"

namespace leasehold {
namespace {

constexpr char kReasonUrl[] = "leasehold/reason";
constexpr char kRetryUrl[] = "leasehold/retry_delay";

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::Status ErrorWithReason(absl::StatusCode code, std::string_view reason,
                             std::string_view message) {
  absl::Status status(code, View(message));
  status.SetPayload(kReasonUrl, absl::Cord(View(reason)));
  return status;
}

absl::Status RetryableError(absl::StatusCode code, std::string_view reason,
                            std::string_view message, absl::Duration retry_delay) {
  absl::Status status = ErrorWithReason(code, reason, message);
  status.SetPayload(kRetryUrl, absl::Cord(absl::FormatDuration(retry_delay)));
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonUrl);
  return payload.has_value() ? std::string(*payload) : std::string();
}

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryUrl);
  absl::Duration delay;
  if (!payload.has_value() || !absl::ParseDuration(std::string(*payload), &delay)) {
    return std::nullopt;
  }
  return delay;
}

absl::Status RequestIdReused() {
  return ErrorWithReason(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                         "this request_id came with another body before");
}

absl::Status KeyExists() {
  return ErrorWithReason(absl::StatusCode::kAlreadyExists, "KEY_EXISTS",
                         "a job with this key is there already");
}

absl::Status ClockFixed() {
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "CLOCK_FIXED",
                         "only a server that runs with --ephemeral has a clock that can be moved");
}

absl::Status JobNotFound(std::string_view what) {
  return ErrorWithReason(absl::StatusCode::kNotFound, "JOB_NOT_FOUND",
                         absl::StrFormat("no job %s", what));
}

absl::Status CronNotFound(std::string_view identifier) {
  return ErrorWithReason(absl::StatusCode::kNotFound, "CRON_NOT_FOUND",
                         absl::StrFormat("there is no cron \"%s\"", identifier));
}

absl::Status CronOwned(std::string_view identifier, std::string_view owner) {
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition, "CRON_OWNED",
      absl::StrFormat("the cron \"%s\" belongs to %s: change it there", identifier, owner));
}

absl::Status ServerFull() {
  return RetryableError(absl::StatusCode::kResourceExhausted, "SERVER_FULL",
                        "the server has as much work waiting as it takes", absl::Milliseconds(200));
}

absl::Status Draining() {
  return RetryableError(absl::StatusCode::kUnavailable, "DRAINING", "the server is shutting down",
                        absl::Milliseconds(500));
}

absl::Status NotMigrated() {
  return RetryableError(absl::StatusCode::kUnavailable, "NOT_MIGRATED",
                        "the schema is being brought up to date", absl::Seconds(1));
}

absl::Status NoLeader() {
  return RetryableError(absl::StatusCode::kUnavailable, "NO_LEADER",
                        "this server does not lead and knows no leader yet",
                        absl::Milliseconds(200));
}

absl::Status LeaderAway() {
  return RetryableError(absl::StatusCode::kUnavailable, "LEADER_AWAY", "the leader does not answer",
                        absl::Milliseconds(10));
}

absl::Status LeaderChanged() {
  return RetryableError(absl::StatusCode::kUnavailable, "LEADER_CHANGED",
                        "another server leads now", absl::ZeroDuration());
}

absl::Status DatabaseAway() {
  return RetryableError(absl::StatusCode::kUnavailable, "DATABASE_AWAY",
                        "the database cannot be reached", absl::Milliseconds(500));
}

}  // namespace leasehold
