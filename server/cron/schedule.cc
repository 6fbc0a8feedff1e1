#include "server/cron/schedule.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace leasehold {
namespace {

constexpr int kLastYear = 9999;

// Other characters, and these names, mean a file, the machine's own zone or an offset.
bool IsZoneName(std::string_view name) {
  if (name.size() > 128 || !absl::ascii_isalpha(name[0]) || name == "localtime") return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

}  // namespace

absl::StatusOr<absl::TimeZone> FindTimeZone(std::string_view name) {
  if (name.empty() || name == "UTC") return absl::UTCTimeZone();
  absl::TimeZone zone;
  if (IsZoneName(name) && absl::LoadTimeZone(std::string(name), &zone)) return zone;
  return absl::InvalidArgumentError(
      absl::StrFormat("'%s' is not in the system's time zone database (package tzdata): write "
                      "Area/City, as in Europe/Berlin",
                      name));
}

absl::StatusOr<Schedule> Schedule::Parse(std::string_view text, std::string_view time_zone) {
  std::vector<TextFault> faults;
  const auto fields = ParseScheduleFields(text, faults);
  const auto zone = FindTimeZone(time_zone);
  std::vector<std::string> messages;
  for (const TextFault& fault : faults) {
    messages.push_back(absl::StrFormat("column %d: %s", fault.at + 1, fault.message));
  }
  if (!zone.ok()) messages.push_back(absl::StrCat("time zone ", zone.status().message()));
  if (!messages.empty()) return absl::InvalidArgumentError(absl::StrJoin(messages, "; "));
  return Schedule(*fields, *zone);
}

bool Schedule::Matches(absl::CivilDay day) const {
  if (!fields_.months[day.month()]) return false;
  const int weekday = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;  // Sunday is 0
  const bool day_matches = fields_.days[day.day()];
  const bool weekday_matches = fields_.weekdays[weekday];
  if (fields_.days_restricted() && fields_.weekdays_restricted()) {
    return day_matches || weekday_matches;
  }
  return day_matches && weekday_matches;
}

std::optional<absl::CivilMinute> Schedule::FirstFrom(absl::CivilMinute from) const {
  for (absl::CivilDay day(from); day.year() <= kLastYear; ++day) {
    if (!fields_.months[day.month()]) {
      day = absl::CivilDay(absl::CivilMonth(day) + 1) - 1;
      continue;
    }
    if (!Matches(day)) continue;
    const bool first_day = day == absl::CivilDay(from);
    const int first_hour = first_day ? from.hour() : 0;
    for (int hour = first_hour; hour < 24; ++hour) {
      if (!fields_.hours[hour]) continue;
      for (int minute = first_day && hour == first_hour ? from.minute() : 0; minute < 60;
           ++minute) {
        if (fields_.minutes[minute]) return absl::CivilMinute(day) + hour * 60 + minute;
      }
    }
  }
  return std::nullopt;
}

absl::Time Schedule::NextAfter(absl::Time time) const {
  if (time == absl::InfiniteFuture()) return time;
  time = std::max(time, absl::FromCivil(absl::CivilYear(1), absl::UTCTimeZone()));
  // A minute of the wall clock that comes twice runs the first time, one that is left out (if its
  // hour is meant) where the clock was put forward. So ticks come in the order of the wall clock,
  // and none that it has already shown, or skipped, is after `time`.
  absl::CivilMinute from(absl::ToCivilSecond(time, zone_));
  while (const auto minute = FirstFrom(from)) {
    from = *minute + 1;
    const auto info = zone_.At(absl::CivilSecond(*minute));
    const bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
    if (skipped && !fields_.hours_restricted()) continue;
    const absl::Time tick = skipped ? info.trans : info.pre;
    if (tick > time) return std::min(tick, NextRepeated(time));
  }
  return absl::InfiniteFuture();
}

absl::Time Schedule::NextRepeated(absl::Time time) const {
  if (fields_.hours_restricted()) return absl::InfiniteFuture();
  const absl::CivilSecond now = absl::ToCivilSecond(time, zone_);
  const auto repeated = zone_.At(now);
  if (repeated.kind != absl::TimeZone::TimeInfo::REPEATED) return absl::InfiniteFuture();
  // In the first pass all of the second is to come.
  absl::CivilMinute from(time < repeated.trans ? absl::ToCivilSecond(repeated.trans, zone_) : now);
  while (const auto minute = FirstFrom(from)) {
    const auto info = zone_.At(absl::CivilSecond(*minute));
    if (info.kind != absl::TimeZone::TimeInfo::REPEATED) break;
    if (info.post > time) return info.post;
    from = *minute + 1;
  }
  return absl::InfiniteFuture();
}

}  // namespace leasehold
