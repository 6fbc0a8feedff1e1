#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/cron/text_fault.h"

namespace leasehold {

// Which values each field of a schedule allows. A bit's number is the value: days and months count
// from 1, weekday 0 is Sunday.
struct ScheduleFields {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;
  std::bitset<13> months;
  std::bitset<7> weekdays;

  // A field that leaves a value out restricts the schedule; `*` and `0-23` do not.
  bool hours_restricted() const { return !hours.all(); }
  bool days_restricted() const { return days.count() < 31; }
  bool weekdays_restricted() const { return !weekdays.all(); }

  friend bool operator==(const ScheduleFields&, const ScheduleFields&) = default;
};

// Reads five fields, or @daily and the like. Adds every fault there is; nullopt if there was any.
std::optional<ScheduleFields> ParseScheduleFields(std::string_view text,
                                                  std::vector<TextFault>& faults);

// The same schedule with one space between its fields and none around them.
std::string TidySchedule(std::string_view text);

}  // namespace leasehold
