#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/cron/schedule_fields.h"
#include "server/cron/text_fault.h"

namespace leasehold {

// When a cron runs: whole minutes of a time zone's wall clock. A value; asking it takes no I/O.
//
// Where its hour field leaves hours out, it means these hours of the wall clock: one that comes
// twice counts once, the first time, and what would have run in one that the clock leaves out runs
// once at its end. With every hour it means those that pass: none is missed, and none added.
class Schedule {
 public:
  Schedule(const ScheduleFields& fields, absl::TimeZone zone) : fields_(fields), zone_(zone) {}

  // Five fields or @daily and the like. Errors name the field, and where it begins; a schedule that
  // has no tick (30 February) is an error. Reads the zone from the system's database.
  static absl::StatusOr<Schedule> Parse(std::string_view text, std::string_view time_zone);

  // The first tick after `time`; InfiniteFuture if that comes after the year 9999.
  absl::Time NextAfter(absl::Time time) const;

  const absl::TimeZone& zone() const { return zone_; }

 private:
  bool Matches(absl::CivilDay day) const;
  // The first minute of the wall clock, from `from` on, that the fields allow.
  std::optional<absl::CivilMinute> FirstFrom(absl::CivilMinute from) const;
  // The first tick after `time` in the second pass over the hour that the clock at `time` shows
  // twice.
  absl::Time NextRepeated(absl::Time time) const;

  ScheduleFields fields_;
  absl::TimeZone zone_;
};

// "Area/City" or "UTC", which the empty name means too. The error says why not.
absl::StatusOr<absl::TimeZone> FindTimeZone(std::string_view name);

}  // namespace leasehold
