#include "server/cron/cron_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace leasehold {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

CronSpec Spec() {
  CronSpec spec;
  spec.schedule = "0 4 * * *";
  spec.task = "send_report";
  return spec;
}

CronSpec Checked(const CronSpec& spec) {
  auto entry = CheckCron(spec);
  EXPECT_TRUE(entry.ok()) << entry.status();
  return entry.ok() ? entry->spec : spec;
}

std::vector<std::string> FaultsOf(const CronSpec& spec) {
  std::vector<CronFault> faults;
  EXPECT_FALSE(CheckCron(spec, faults).has_value());
  std::vector<std::string> texts;
  for (const CronFault& fault : faults) {
    texts.push_back(std::string(fault.field) + " " + fault.Describe());
  }
  return texts;
}

TEST(CronSpecTest, FillsInTheDefaultsSoThatEqualCronsAreEqual) {
  CronSpec spec = Spec();
  spec.schedule = "  0\t4  * * * ";
  spec.payload = R"( {"a" : 1.0, "_cron": 5} )";
  const CronSpec checked = Checked(spec);
  EXPECT_EQ(checked.identifier, "send_report");
  EXPECT_EQ(checked.schedule, "0 4 * * *");
  EXPECT_EQ(checked.time_zone, "UTC");
  EXPECT_EQ(checked.payload, R"({"a":1.0})");
  EXPECT_EQ(Checked(checked), checked);
  spec.payload = "";
  EXPECT_EQ(Checked(spec).payload, "{}");
}

TEST(CronSpecTest, GivesTheScheduleOfItsZone) {
  CronSpec spec = Spec();
  spec.time_zone = "Europe/Berlin";
  const auto entry = CheckCron(spec);
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(absl::FormatTime(entry->schedule.NextAfter(absl::FromUnixSeconds(1'780'000'000)),
                             absl::UTCTimeZone()),
            "2026-05-29T02:00:00+00:00");
}

TEST(CronSpecTest, TakesATasksNameAsTheIdentifierOfThatTaskOnly) {
  CronSpec spec = Spec();
  spec.task = "mail: 2nd try";
  EXPECT_EQ(Checked(spec).identifier, "mail: 2nd try");
  spec.identifier = spec.task;
  EXPECT_EQ(Checked(spec).identifier, "mail: 2nd try");
  spec.identifier = "_nightly-2";
  EXPECT_EQ(Checked(spec).identifier, "_nightly-2");
  spec.identifier = "other: task";
  EXPECT_THAT(FaultsOf(spec), ElementsAre(HasSubstr("identifier must be a letter or underscore")));
}

TEST(CronSpecTest, NamesEveryBadField) {
  CronSpec spec;
  spec.identifier = "2";
  spec.schedule = "0 25 * * *";
  spec.time_zone = "Nowhere";
  spec.payload = "[]";
  spec.fill = -absl::Seconds(1);
  spec.max_attempts = 0;
  spec.queue_name = "";
  spec.key = std::string(513, 'k');
  spec.key_mode = KeyMode::kReject;
  spec.priority = 40'000;
  spec.flags = {"", std::string(1, '\0')};
  EXPECT_THAT(
      FaultsOf(spec),
      ElementsAre(
          "task must have 1 to 128 characters, not 0", HasSubstr("identifier must be a letter"),
          "schedule column 3: hour 25 is not from 0 to 23",
          HasSubstr("time_zone 'Nowhere' is not in"), "payload must be a JSON object",
          "fill must be from 0 to 3650 days", "max_attempts must be from 1 to 32767, not 0",
          "priority must be from -32768 to 32767, not 40000",
          "queue_name must have 1 to 128 characters, not 0",
          "key must have 1 to 512 characters, not 513",
          "if_exists must be REPLACE, PRESERVE_RUN_AT or UNSAFE_DEDUPE",
          "flags must have 1 to 128 characters, not 0", "flags must not hold a NUL character"));
  const auto entry = CheckCron(spec);
  EXPECT_EQ(entry.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(entry.status().message()),
              HasSubstr("schedule column 3: hour 25 is not from 0 to 23; time_zone 'Nowhere'"));
}

TEST(CronSpecTest, RefusesAPayloadThatIsJson5Only) {
  CronSpec spec = Spec();
  spec.payload = "{a: 1}";
  EXPECT_THAT(FaultsOf(spec), ElementsAre(HasSubstr("payload is not valid JSON")));
}

TEST(CronSpecTest, RefusesAKeyModeWithoutAKey) {
  CronSpec spec = Spec();
  spec.key_mode = KeyMode::kPreserveRunAt;
  EXPECT_THAT(FaultsOf(spec), ElementsAre("if_exists needs a key"));
}

TEST(CronSpecTest, CountsCharactersAndNotBytes) {
  CronSpec spec = Spec();
  spec.queue_name = "";
  for (int i = 0; i < 128; ++i) *spec.queue_name += "ü";
  EXPECT_EQ(Checked(spec).queue_name, spec.queue_name);
  *spec.queue_name += "ü";
  EXPECT_THAT(FaultsOf(spec), ElementsAre("queue_name must have 1 to 128 characters, not 129"));
}

TEST(CronSpecTest, MakesTheJobOfATick) {
  CronSpec spec = Spec();
  spec.payload = R"({"a": 1})";
  spec.queue_name = "reports";
  spec.max_attempts = 3;
  spec.key = "report";
  spec.key_mode = KeyMode::kPreserveRunAt;
  spec.priority = -5;
  spec.flags = {"gpu"};
  const absl::Time tick = absl::FromUnixSeconds(1'772'337'600);
  const NewJob job = JobOfTick(Checked(spec), tick, false);
  EXPECT_EQ(job.task, "send_report");
  EXPECT_EQ(job.payload, R"({"a":1,"_cron":{"ts":"2026-03-01T04:00:00.000Z","backfilled":false}})");
  EXPECT_EQ(job.run_at, tick);
  EXPECT_EQ(job.queue_name, "reports");
  EXPECT_EQ(job.max_attempts, 3);
  EXPECT_EQ(job.key, "report");
  EXPECT_EQ(job.key_mode, KeyMode::kPreserveRunAt);
  EXPECT_EQ(job.priority, -5);
  EXPECT_THAT(job.flags, ElementsAre("gpu"));
}

TEST(CronSpecTest, WritesItsOwnCronMemberOverThePayloads) {
  CronSpec spec = Spec();
  const absl::Time tick = absl::FromUnixMillis(1'772'337'600'250);
  EXPECT_EQ(JobOfTick(Checked(spec), tick, true).payload,
            R"({"_cron":{"ts":"2026-03-01T04:00:00.250Z","backfilled":true}})");
  spec.payload = R"({"_cron": {"ts": "never"}})";
  EXPECT_EQ(JobOfTick(Checked(spec), tick, true).payload,
            R"({"_cron":{"ts":"2026-03-01T04:00:00.250Z","backfilled":true}})");
}

}  // namespace
}  // namespace leasehold
