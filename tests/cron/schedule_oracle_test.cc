// Compares schedules with an oracle that walks minute by minute and never asks the zone anything
// but what its clock shows.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/cron/schedule.h"

namespace leasehold {
namespace {

// A schedule as its text and as the values it means.
struct Wanted {
  std::string text;
  std::array<std::set<int>, 5> values;

  bool Allows(absl::CivilMinute minute) const {
    const int weekday = (static_cast<int>(absl::GetWeekday(minute)) + 1) % 7;
    const bool day = values[2].count(minute.day()) > 0;
    const bool of_week = values[4].count(weekday) > 0;
    const bool both = values[2].size() < 31 && values[4].size() < 7;
    return values[0].count(minute.minute()) > 0 && values[1].count(minute.hour()) > 0 &&
           values[3].count(minute.month()) > 0 && (both ? day || of_week : day && of_week);
  }
};

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}

  int From(int min, int max) { return std::uniform_int_distribution<int>(min, max)(random_); }

  // All values, every nth, or a list of values and ranges.
  std::string Field(int min, int max, std::set<int>& values) {
    const int kind = From(0, 9);
    const int step = kind < 4 ? 1 : From(1, (max - min) / 2);
    if (kind < 6) {
      for (int value = min; value <= max; value += step) values.insert(value);
      return step == 1 ? "*" : absl::StrCat("*/", step);
    }
    std::vector<std::string> items;
    for (int count = From(1, 3); count > 0; --count) items.push_back(Item(min, max, values));
    return absl::StrJoin(items, ",");
  }

  Wanted Schedule() {
    static constexpr int kBounds[5][2] = {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}};
    Wanted wanted;
    std::vector<std::string> fields;
    for (int i = 0; i < 5; ++i) {
      // A month that is left out would leave most windows empty.
      const bool all = i == 3 && From(0, 3) > 0;
      if (all) {
        for (int month = 1; month <= 12; ++month) wanted.values[i].insert(month);
      }
      fields.push_back(all ? "*" : Field(kBounds[i][0], kBounds[i][1], wanted.values[i]));
    }
    wanted.text = absl::StrJoin(fields, " ");
    return wanted;
  }

 private:
  std::string Item(int min, int max, std::set<int>& values) {
    const int from = From(min, max);
    const int to = From(0, 1) == 0 ? from : From(from, max);
    const int step = From(1, 4);
    for (int value = from; value <= to; value += step) values.insert(value);
    if (from == to) return absl::StrCat(from);
    return absl::StrCat(from, "-", to, step == 1 ? "" : absl::StrCat("/", step));
  }

  std::mt19937 random_;
};

std::vector<absl::Time> OracleTicks(const Wanted& wanted, const absl::TimeZone& zone,
                                    absl::Time begin, absl::Time end) {
  std::vector<absl::Time> ticks;
  std::set<absl::CivilMinute> shown;
  const bool once = wanted.values[1].size() < 24;
  absl::CivilMinute expected(absl::ToCivilSecond(begin, zone));
  for (absl::Time time = begin; time < end; time += absl::Minutes(1)) {
    const absl::CivilMinute clock(absl::ToCivilSecond(time, zone));
    bool tick = wanted.Allows(clock) && !(once && shown.count(clock) > 0);
    for (; expected < clock; ++expected) tick = tick || (once && wanted.Allows(expected));
    if (tick) ticks.push_back(time);
    shown.insert(clock);
    expected = clock + 1;
  }
  return ticks;
}

struct Window {
  const char* zone;
  absl::CivilDay around;  // of the transition
};

const Window kWindows[] = {
    {"America/New_York", absl::CivilDay(2026, 3, 8)},
    {"America/New_York", absl::CivilDay(2026, 11, 1)},
    {"Europe/Berlin", absl::CivilDay(2026, 3, 29)},
    {"Europe/Berlin", absl::CivilDay(2026, 10, 25)},
    {"Australia/Lord_Howe", absl::CivilDay(2026, 4, 5)},
    {"Australia/Lord_Howe", absl::CivilDay(2026, 10, 4)},
    {"America/Havana", absl::CivilDay(2026, 3, 8)},      // the hour left out begins the day
    {"Asia/Beirut", absl::CivilDay(2026, 10, 25)},       // the hour that comes twice ends the day
    {"Africa/Casablanca", absl::CivilDay(2026, 2, 15)},  // summer time pauses for Ramadan
    {"Pacific/Apia", absl::CivilDay(2011, 12, 30)},      // a day is left out
    {"Pacific/Kwajalein", absl::CivilDay(1993, 8, 21)},  // and here
    {"Pacific/Kwajalein", absl::CivilDay(1969, 10, 1)},  // 23 hours come twice
    {"Asia/Kolkata", absl::CivilDay(2026, 6, 1)},        // nothing happens
    {"America/New_York", absl::CivilDay(2700, 3, 7)},    // beyond what the database lists
};

void Compare(const Window& window, const Wanted& wanted, Chance& chance) {
  SCOPED_TRACE(absl::StrCat("'", wanted.text, "' in ", window.zone, " around ",
                            absl::FormatCivilTime(window.around)));
  std::vector<TextFault> faults;
  const auto fields = ParseScheduleFields(wanted.text, faults);
  if (!fields.has_value()) {
    // Only a day that never comes is a fault of a text made here.
    ASSERT_EQ(faults.size(), 1u) << faults[0].message;
    ASSERT_EQ(faults[0].message, "day of month and month never come together");
    return;
  }
  const Schedule schedule(*fields, *FindTimeZone(window.zone));
  const absl::Time begin = absl::FromCivil(window.around - 4, schedule.zone());
  const absl::Time end = absl::FromCivil(window.around + 4, schedule.zone());
  const auto oracle = OracleTicks(wanted, schedule.zone(), begin, end);
  std::vector<absl::Time> ticks;
  for (absl::Time time = begin - absl::Nanoseconds(1);;) {
    time = schedule.NextAfter(time);
    if (time >= end) break;
    ticks.push_back(time);
  }
  ASSERT_EQ(ticks, oracle);
  for (int i = 0; i < 20; ++i) {
    const absl::Time time = begin + absl::Seconds(chance.From(0, 8 * 86'400));
    const auto next = std::upper_bound(oracle.begin(), oracle.end(), time);
    if (next == oracle.end()) continue;
    ASSERT_EQ(schedule.NextAfter(time), *next) << time;
  }
}

// LEASEHOLD_SEED repeats a run.
unsigned Seed() {
  const char* given = std::getenv("LEASEHOLD_SEED");
  return given != nullptr ? std::strtoul(given, nullptr, 10) : std::random_device()();
}

TEST(ScheduleOracleTest, AgreesWithAWalkMinuteByMinuteAroundEveryKindOfTransition) {
  const unsigned seed = Seed();
  std::cout << "seed " << seed << std::endl;
  Chance chance(seed);
  for (int round = 0; round < 12 && !testing::Test::HasFailure(); ++round) {
    for (const Window& window : kWindows) Compare(window, chance.Schedule(), chance);
  }
}

}  // namespace
}  // namespace leasehold
