#include "server/cron/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace leasehold {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::Time Utc(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text, absl::UTCTimeZone(), &time, &error))
      << text << ": " << error;
  return time;
}

Schedule Parsed(const std::string& text, const std::string& zone = "") {
  auto schedule = Schedule::Parse(text, zone);
  EXPECT_TRUE(schedule.ok()) << schedule.status();
  return *schedule;
}

// As the clock of the schedule's zone shows them, with its offset.
std::vector<std::string> Ticks(const Schedule& schedule, const std::string& after, int count) {
  std::vector<std::string> ticks;
  absl::Time time = Utc(after);
  for (int i = 0; i < count; ++i) {
    time = schedule.NextAfter(time);
    ticks.push_back(absl::FormatTime("%Y-%m-%d %H:%M %Ez", time, schedule.zone()));
  }
  return ticks;
}

std::string FaultOf(const std::string& text, const std::string& zone = "") {
  const auto schedule = Schedule::Parse(text, zone);
  EXPECT_EQ(schedule.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(schedule.status().message());
}

std::string NextUtc(const std::string& text, const std::string& after) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E*S", Parsed(text).NextAfter(Utc(after)),
                          absl::UTCTimeZone());
}

TEST(ScheduleTest, RunsAtTheNextMinuteThatAllFieldsAllow) {
  const std::string now = "2026-03-01 12:34:56";  // a Sunday
  EXPECT_EQ(NextUtc("* * * * *", now), "2026-03-01 12:35:00");
  EXPECT_EQ(NextUtc("*/15 * * * *", now), "2026-03-01 12:45:00");
  EXPECT_EQ(NextUtc("0 4 * * *", now), "2026-03-02 04:00:00");
  EXPECT_EQ(NextUtc("30 12,18 * * *", now), "2026-03-01 18:30:00");
  EXPECT_EQ(NextUtc("5-10/5 0-11 * * *", now), "2026-03-02 00:05:00");
  EXPECT_EQ(NextUtc("0 0 1 * *", now), "2026-04-01 00:00:00");
  EXPECT_EQ(NextUtc("59 23 31 12 *", now), "2026-12-31 23:59:00");
  EXPECT_EQ(NextUtc("0 0 * feb mon", now), "2027-02-01 00:00:00");
}

TEST(ScheduleTest, RunsAfterTheTimeAndNotAtIt) {
  EXPECT_EQ(NextUtc("0 4 * * *", "2026-03-01 04:00:00"), "2026-03-02 04:00:00");
  EXPECT_EQ(NextUtc("0 4 * * *", "2026-03-01 03:59:59.999999"), "2026-03-01 04:00:00");
  EXPECT_EQ(NextUtc("0 4 * * *", "2026-03-01 04:00:00.000001"), "2026-03-02 04:00:00");
}

TEST(ScheduleTest, StepsFromTheSmallestValueOfTheField) {
  EXPECT_EQ(NextUtc("0 0 */5 * *", "2026-03-01 00:00:00"), "2026-03-06 00:00:00");
  EXPECT_EQ(NextUtc("0 0 1 */6 *", "2026-03-01 00:00:00"), "2026-07-01 00:00:00");
  EXPECT_EQ(NextUtc("0 */24 * * *", "2026-03-01 00:00:00"), "2026-03-02 00:00:00");
}

TEST(ScheduleTest, ReadsNamesOfMonthsAndWeekdaysInAnyCase) {
  EXPECT_EQ(NextUtc("0 0 * JUN Tue", "2026-03-01 00:00:00"), "2026-06-02 00:00:00");
  EXPECT_EQ(NextUtc("0 0 * * fri-SUN", "2026-03-02 00:00:00"), "2026-03-06 00:00:00");
}

TEST(ScheduleTest, CallsSundayZeroAndSeven) {
  for (const char* sunday : {"0", "7", "sun", "7-7", "0,7"}) {
    EXPECT_EQ(NextUtc(std::string("0 0 * * ") + sunday, "2026-03-02 00:00:00"),
              "2026-03-08 00:00:00")
        << sunday;
  }
  EXPECT_EQ(NextUtc("0 0 * * 6-7", "2026-03-07 00:00:00"), "2026-03-08 00:00:00");
}

TEST(ScheduleTest, TakesEitherDayWhereBothAreRestricted) {
  const Schedule schedule = Parsed("0 0 13 * fri");
  EXPECT_THAT(Ticks(schedule, "2026-06-01 00:00:00", 4),
              ElementsAre("2026-06-05 00:00 +00:00", "2026-06-12 00:00 +00:00",
                          "2026-06-13 00:00 +00:00", "2026-06-19 00:00 +00:00"));
  // A field that allows every day does not restrict, however it is written.
  EXPECT_EQ(NextUtc("0 0 1-31 * fri", "2026-06-01 00:00:00"), "2026-06-05 00:00:00");
  EXPECT_EQ(NextUtc("0 0 13 * 0-6", "2026-06-01 00:00:00"), "2026-06-13 00:00:00");
}

TEST(ScheduleTest, KnowsTheNamesOfCommonSchedules) {
  const std::string now = "2026-03-03 12:34:00";
  EXPECT_EQ(NextUtc("@hourly", now), "2026-03-03 13:00:00");
  EXPECT_EQ(NextUtc("@daily", now), "2026-03-04 00:00:00");
  EXPECT_EQ(NextUtc("@midnight", now), "2026-03-04 00:00:00");
  EXPECT_EQ(NextUtc("@weekly", now), "2026-03-08 00:00:00");
  EXPECT_EQ(NextUtc("@monthly", now), "2026-04-01 00:00:00");
  EXPECT_EQ(NextUtc("@yearly", now), "2027-01-01 00:00:00");
  EXPECT_EQ(NextUtc("@Annually", now), "2027-01-01 00:00:00");
}

TEST(ScheduleTest, FindsARareDayWithoutWalkingTheMinutes) {
  const Schedule leap_day = Parsed("0 0 29 2 *", "Europe/Berlin");
  EXPECT_THAT(Ticks(leap_day, "2096-01-01 00:00:00", 2),
              ElementsAre("2096-02-29 00:00 +01:00", "2104-02-29 00:00 +01:00"));
  absl::Time time = Utc("2096-03-01 00:00:00");
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_GT(leap_day.NextAfter(time + absl::Seconds(i)), time);
  }
}

TEST(ScheduleTest, EndsBeforeTheYear10000) {
  EXPECT_EQ(NextUtc("0 0 31 12 *", "9999-12-30 00:00:00"), "9999-12-31 00:00:00");
  EXPECT_EQ(Parsed("0 0 31 12 *").NextAfter(Utc("9999-12-31 00:00:00")), absl::InfiniteFuture());
  EXPECT_EQ(Parsed("* * * * *").NextAfter(absl::InfiniteFuture()), absl::InfiniteFuture());
  EXPECT_EQ(Parsed("0 0 1 1 *").NextAfter(absl::InfinitePast()), Utc("0002-01-01 00:00:00"));
}

TEST(ScheduleTest, RunsAnHourThatComesTwiceOnceWhereTheHourIsRestricted) {
  const Schedule new_york = Parsed("30 1 * * *", "America/New_York");
  EXPECT_THAT(Ticks(new_york, "2026-10-31 12:00:00", 2),
              ElementsAre("2026-11-01 01:30 -04:00", "2026-11-02 01:30 -05:00"));
  EXPECT_THAT(
      Ticks(Parsed("*/30 2-3 * * *", "Europe/Berlin"), "2026-10-24 22:00:00", 5),
      ElementsAre("2026-10-25 02:00 +02:00", "2026-10-25 02:30 +02:00", "2026-10-25 03:00 +01:00",
                  "2026-10-25 03:30 +01:00", "2026-10-26 02:00 +01:00"));
}

TEST(ScheduleTest, RunsAnHourThatComesTwiceTwiceWhereEveryHourIsMeant) {
  EXPECT_THAT(Ticks(Parsed("30 * * * *", "America/New_York"), "2026-11-01 04:00:00", 4),
              ElementsAre("2026-11-01 00:30 -04:00", "2026-11-01 01:30 -04:00",
                          "2026-11-01 01:30 -05:00", "2026-11-01 02:30 -05:00"));
  EXPECT_THAT(
      Ticks(Parsed("*/15 * * * *", "Australia/Lord_Howe"), "2026-04-04 14:25:00", 6),
      ElementsAre("2026-04-05 01:30 +11:00", "2026-04-05 01:45 +11:00", "2026-04-05 01:30 +10:30",
                  "2026-04-05 01:45 +10:30", "2026-04-05 02:00 +10:30", "2026-04-05 02:15 +10:30"));
}

TEST(ScheduleTest, RunsWhatFallsIntoAnHourLeftOutOnceAtItsEnd) {
  EXPECT_THAT(Ticks(Parsed("*/20 2 * * *", "America/New_York"), "2026-03-07 12:00:00", 2),
              ElementsAre("2026-03-08 03:00 -04:00", "2026-03-09 02:00 -04:00"));
  EXPECT_THAT(Ticks(Parsed("0 2-3 * * *", "Europe/Berlin"), "2026-03-28 12:00:00", 2),
              ElementsAre("2026-03-29 03:00 +02:00", "2026-03-30 02:00 +02:00"));
  EXPECT_THAT(Ticks(Parsed("15 2 * * *", "Australia/Lord_Howe"), "2026-10-03 00:00:00", 2),
              ElementsAre("2026-10-04 02:30 +11:00", "2026-10-05 02:15 +11:00"));
}

TEST(ScheduleTest, AddsNothingForAnHourLeftOutWhereEveryHourIsMeant) {
  EXPECT_THAT(Ticks(Parsed("30 * * * *", "America/New_York"), "2026-03-08 06:00:00", 2),
              ElementsAre("2026-03-08 01:30 -05:00", "2026-03-08 03:30 -04:00"));
}

TEST(ScheduleTest, RunsTheDayThatADateLineLeavesOutAtTheNextDaysBegin) {
  // Samoa had no 30 December 2011.
  EXPECT_THAT(
      Ticks(Parsed("0 12 * * *", "Pacific/Apia"), "2011-12-29 12:00:00", 3),
      ElementsAre("2011-12-29 12:00 -10:00", "2011-12-31 00:00 +14:00", "2011-12-31 12:00 +14:00"));
}

TEST(ScheduleTest, TellsWhichFieldIsWrongAndWhere) {
  EXPECT_EQ(FaultOf("61 * * * *"), "column 1: minute 61 is not from 0 to 59");
  EXPECT_EQ(FaultOf("0 24 * * *"), "column 3: hour 24 is not from 0 to 23");
  EXPECT_EQ(FaultOf("0 0 0 * *"), "column 5: day of month 0 is not from 1 to 31");
  EXPECT_EQ(FaultOf("0 0 1 13 *"), "column 7: month 13 is not from 1 to 12");
  EXPECT_EQ(FaultOf("0 0 1 1 8"), "column 9: day of week 8 is not from 0 to 7");
  EXPECT_EQ(FaultOf("0,5,x * * * *"),
            "column 5: minute 'x' is neither '*' nor a number from 0 to 59");
  EXPECT_EQ(
      FaultOf("0 0 * * monday"),
      "column 9: day of week 'monday' is neither '*' nor a number from 0 to 7 nor a name from "
      "sun to sat");
  EXPECT_EQ(FaultOf("*/0 * * * *"), "column 3: minute has the step 0, which is not from 1 to 60");
  EXPECT_EQ(FaultOf("*/99999999999 * * * *"),
            "column 3: minute has the step 99999999999, which is not from 1 to 60");
  EXPECT_EQ(FaultOf("*/x * * * *"), "column 3: minute has the step 'x', which is no number");
  EXPECT_EQ(FaultOf("5/10 * * * *"),
            "column 1: minute '5/10' has a step but no range: write '5-59/10'");
  EXPECT_EQ(FaultOf("0 22-4 * * *"),
            "column 3: hour '22-4' ends before it begins: write two ranges with a comma between "
            "them");
  EXPECT_THAT(FaultOf("0,, * * * *"), HasSubstr("column 3: minute ''"));
  EXPECT_THAT(FaultOf("-1 * * * *"), HasSubstr("column 1: minute ''"));
}

TEST(ScheduleTest, TellsEveryFaultAtOnce) {
  EXPECT_EQ(FaultOf("61 25 * * *", "Mars/Base"),
            "column 1: minute 61 is not from 0 to 59; column 4: hour 25 is not from 0 to 23; time "
            "zone 'Mars/Base' is not in the system's time zone database (package tzdata): write "
            "Area/City, as in Europe/Berlin");
}

TEST(ScheduleTest, RefusesWhatIsNoSchedule) {
  EXPECT_THAT(FaultOf(""), HasSubstr("five fields"));
  EXPECT_THAT(FaultOf("0 0 * *"), HasSubstr("not 4"));
  EXPECT_THAT(FaultOf("0 0 0 * * *"), HasSubstr("not 6"));
  EXPECT_THAT(FaultOf("@reboot"), HasSubstr("@reboot is not known: a queue of many servers"));
  EXPECT_THAT(FaultOf("@every"), HasSubstr("'@every' is not known; @hourly, @daily"));
}

TEST(ScheduleTest, RefusesADayThatNoYearHas) {
  for (const char* never : {"0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 30-31 feb 0-6"}) {
    EXPECT_EQ(FaultOf(never), "column 5: day of month and month never come together");
  }
  EXPECT_EQ(NextUtc("0 0 31 2 mon", "2026-01-01 00:00:00"), "2026-02-02 00:00:00");
}

TEST(ScheduleTest, RefusesWhatIsNoNameOfAZone) {
  for (const char* zone : {"Berlin", "/etc/localtime", "../etc/passwd", "localtime", "+02:00",
                           "Europe", "europe/berlin", "file:UTC", " UTC"}) {
    EXPECT_THAT(FaultOf("* * * * *", zone), HasSubstr("time zone database")) << zone;
  }
  EXPECT_TRUE(Schedule::Parse("* * * * *", "Etc/GMT+5").ok());
  EXPECT_TRUE(Schedule::Parse("* * * * *", "UTC").ok());
}

}  // namespace
}  // namespace leasehold
