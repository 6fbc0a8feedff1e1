#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

// The errors that callers can tell apart: an absl::Status with a reason (UPPER_SNAKE, the ErrorInfo
// reason on the wire) and, where trying again helps, the time to wait before (RetryInfo).
namespace leasehold {

absl::Status ErrorWithReason(absl::StatusCode code, std::string_view reason,
                             std::string_view message);
absl::Status RetryableError(absl::StatusCode code, std::string_view reason,
                            std::string_view message, absl::Duration retry_delay);

// Empty if the status names none.
std::string ReasonOf(const absl::Status& status);
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

absl::Status RequestIdReused();
absl::Status KeyExists();
absl::Status ClockFixed();
absl::Status JobNotFound(std::string_view what);
absl::Status CronNotFound(std::string_view identifier);
absl::Status CronOwned(std::string_view identifier, std::string_view owner);
absl::Status ServerFull();
absl::Status Draining();
// The schema is not the one this server needs yet.
absl::Status NotMigrated();
absl::Status NoLeader();
// The leader elsewhere does not answer; whether it did what it was asked is not known.
absl::Status LeaderAway();
// Another server leads now: an executor reconnects at once.
absl::Status LeaderChanged();
absl::Status DatabaseAway();

}  // namespace leasehold
