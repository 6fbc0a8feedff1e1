#include "server/cron/crontab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace leasehold {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

std::vector<CronSpec> Specs(std::string_view text) {
  const Crontab crontab = ParseCrontab(text);
  EXPECT_EQ(FormatErrors(crontab.errors, "crontab"), "") << text;
  std::vector<CronSpec> specs;
  for (const CronEntry& entry : crontab.entries) specs.push_back(entry.spec);
  return specs;
}

CronSpec Only(std::string_view text) {
  const auto specs = Specs(text);
  EXPECT_THAT(specs, SizeIs(1));
  return specs.empty() ? CronSpec() : specs[0];
}

// "line:column: message" of each.
std::vector<std::string> Errors(std::string_view text) {
  std::vector<std::string> texts;
  for (const CrontabError& error : ParseCrontab(text).errors) {
    texts.push_back(absl::StrCat(error.line, ":", error.column, ": ", error.message));
  }
  return texts;
}

TEST(CrontabTest, ReadsALineOfEveryKind) {
  const auto specs = Specs(
      "# m h dom mon dow task\n"
      "\n"
      "  \t \n"
      "0 4 * * * send_weekly_email\n"
      "   # indented\n"
      "*/5\t8-18  *  *  mon-fri   mail:send/all-of_it  ?id=mail&fill=1d  {a: 1}  \n"
      "@daily clean {}");
  ASSERT_THAT(specs, SizeIs(3));
  EXPECT_EQ(specs[0].identifier, "send_weekly_email");
  EXPECT_EQ(specs[0].schedule, "0 4 * * *");
  EXPECT_EQ(specs[0].time_zone, "UTC");
  EXPECT_EQ(specs[0].payload, "{}");
  EXPECT_EQ(specs[0].fill, absl::ZeroDuration());
  EXPECT_EQ(specs[1].identifier, "mail");
  EXPECT_EQ(specs[1].task, "mail:send/all-of_it");
  EXPECT_EQ(specs[1].schedule, "*/5 8-18 * * mon-fri");
  EXPECT_EQ(specs[1].fill, absl::Hours(24));
  EXPECT_EQ(specs[1].payload, R"({"a":1})");
  EXPECT_EQ(specs[2].schedule, "@daily");
}

TEST(CrontabTest, ReadsEveryOption) {
  const CronSpec spec = Only(
      "0 4 * * * t ?id=i&fill=4w3d2h1m&max=3&queue=q&jobKey=k&jobKeyMode=preserve_run_at"
      "&priority=-5&tz=Europe/Berlin&flags=a,b");
  EXPECT_EQ(spec.identifier, "i");
  EXPECT_EQ(spec.fill, absl::Minutes(44'761));
  EXPECT_EQ(spec.max_attempts, 3);
  EXPECT_EQ(spec.queue_name, "q");
  EXPECT_EQ(spec.key, "k");
  EXPECT_EQ(spec.key_mode, KeyMode::kPreserveRunAt);
  EXPECT_EQ(spec.priority, -5);
  EXPECT_EQ(spec.time_zone, "Europe/Berlin");
  EXPECT_THAT(spec.flags, ElementsAre("a", "b"));
}

TEST(CrontabTest, ReadsOptionsInSnakeCaseToo) {
  const std::string line = "0 4 * * * t ?fill=90s&";
  EXPECT_EQ(Only(line + "max_attempts=3&queue_name=q&job_key=k&job_key_mode=unsafe_dedupe"
                        "&time_zone=Asia/Tokyo&identifier=i"),
            Only(line + "max=3&queue=q&jobKey=k&jobKeyMode=unsafe_dedupe&tz=Asia/Tokyo&id=i"));
}

TEST(CrontabTest, DecodesTheValuesOfOptions) {
  const CronSpec spec =
      Only("0 4 * * * t ?queue=a%26b%20c+d&jobKey=gr%C3%BCn=%25&flags=x%2Cy,z&tz=Etc/GMT%2B5");
  EXPECT_EQ(spec.queue_name, "a&b c d");
  EXPECT_EQ(spec.key, "grün=%");
  EXPECT_THAT(spec.flags, ElementsAre("x,y", "z"));
  EXPECT_EQ(spec.time_zone, "Etc/GMT+5");
}

TEST(CrontabTest, ReadsFilesOfOtherSystems) {
  EXPECT_THAT(Specs("\xEF\xBB\xBF# made elsewhere\r\n0 4 * * * a {b: 1}\r\n\r\n@daily c\r\n"),
              SizeIs(2));
  EXPECT_THAT(Specs(""), IsEmpty());
  EXPECT_THAT(Specs("\n\n"), IsEmpty());
}

TEST(CrontabTest, KeepsTheOrderOfTheFile) {
  const auto specs = Specs("@daily z\n@daily a\n@daily m");
  ASSERT_THAT(specs, SizeIs(3));
  EXPECT_EQ(specs[0].task + specs[1].task + specs[2].task, "zam");
}

TEST(CrontabTest, TellsEveryFaultOfEveryLineWithItsPlace) {
  EXPECT_THAT(
      Errors("61 25 * * * 1task ?id=2&nope=1 {a: NaN}\n"
             "@daily fine\n"
             "  @never u ?max=x&fill=1y\n"
             "0 4 * * * t {a: 1} x"),
      ElementsAre("1:1: minute 61 is not from 0 to 59", "1:4: hour 25 is not from 0 to 23",
                  StartsWith("1:13: '1task' is no task's name"),
                  StartsWith("1:23: id must be a letter or underscore"),
                  "1:25: unknown option 'nope'; known are id, fill, max, queue, jobKey, "
                  "jobKeyMode, priority, tz, flags",
                  "1:36: payload is not valid JSON5: NaN is no number that JSON knows",
                  StartsWith("3:3: '@never' is not known"),
                  "3:17: max must be a whole number, not 'x'",
                  "3:24: fill must be numbers with the units s, m, h, d or w, as in 1d12h, not "
                  "'1y'",
                  "4:20: payload is not valid JSON5: unexpected text after the object"));
}

TEST(CrontabTest, RefusesAnIdentifierThatIsGivenTwice) {
  EXPECT_THAT(
      Errors("@daily a\n@hourly b ?id=a\n@weekly a ?id=c\n99 * * * * c"),
      ElementsAre("2:15: the identifier 'a' is that of line 1 too: give one of them another "
                  "with ?id=",
                  "4:1: minute 99 is not from 0 to 59",
                  "4:12: the identifier 'c' is that of line 3 too: give one of them another "
                  "with ?id="));
}

TEST(CrontabTest, RefusesAnOptionThatIsGivenTwiceUnderAnyName) {
  EXPECT_THAT(Errors("@daily a ?jobKey=1&job_key=2&max=1&max=2"),
              ElementsAre("1:20: option jobKey is given twice", "1:36: option max is given twice"));
}

TEST(CrontabTest, RefusesBadOptions) {
  const auto error = [](const std::string& options) { return Errors("@daily a ?" + options); };
  EXPECT_THAT(error(""), ElementsAre(HasSubstr("1:11: expected an option")));
  EXPECT_THAT(error("max=1&&fill=1d"), ElementsAre(HasSubstr("1:17: expected an option")));
  EXPECT_THAT(error("max"), ElementsAre("1:11: option max needs a value: write 'max=...'"));
  EXPECT_THAT(error("max=0"), ElementsAre("1:15: max must be from 1 to 32767, not 0"));
  EXPECT_THAT(error("max=99999999999"), ElementsAre(HasSubstr("1:15: max must be from 1 to")));
  EXPECT_THAT(error("priority=-99999999999"), ElementsAre(HasSubstr("1:20: priority must be")));
  EXPECT_THAT(error("priority=1.5"),
              ElementsAre("1:20: priority must be a whole number, not '1.5'"));
  EXPECT_THAT(error("queue="), ElementsAre("1:17: queue must have 1 to 128 characters, not 0"));
  EXPECT_THAT(error("id="), ElementsAre("1:14: id must have 1 to 128 characters, not 0"));
  EXPECT_THAT(error("jobKey="), ElementsAre("1:18: jobKey must have 1 to 512 characters, not 0"));
  EXPECT_THAT(error("jobKeyMode=replace"), ElementsAre("1:22: jobKeyMode needs a jobKey"));
  EXPECT_THAT(error("jobKey=k&jobKeyMode=reject"),
              ElementsAre(HasSubstr("1:31: jobKeyMode must be replace, preserve_run_at or")));
  EXPECT_THAT(error("tz=Mars/Base"), ElementsAre(HasSubstr("1:14: tz 'Mars/Base' is not in")));
  EXPECT_THAT(error("tz="), ElementsAre(HasSubstr("1:14: tz must be Area/City")));
  EXPECT_THAT(error("tz=Etc/GMT+5"), ElementsAre("1:14: tz holds a space; '%2B' is a plus"));
  EXPECT_THAT(error("flags=a,,b"), ElementsAre("1:17: flags must have 1 to 128 characters, not 0"));
  EXPECT_THAT(error("fill=99999999999999999999w"),
              ElementsAre("1:16: fill must be from 0 to 3650 days"));
  EXPECT_THAT(error("queue=%zz"), ElementsAre(HasSubstr("1:17: '%' needs two hexadecimal digits")));
  EXPECT_THAT(error("queue=a%"), ElementsAre(HasSubstr("1:18: '%' needs two hexadecimal digits")));
  EXPECT_THAT(error("queue=%ff"), ElementsAre("1:17: the value, decoded, is not valid UTF-8"));
  EXPECT_THAT(error("queue=%00"), ElementsAre("1:17: queue must not hold a NUL character"));
}

TEST(CrontabTest, RefusesLinesThatAreNoEntry) {
  EXPECT_THAT(Errors("* * * *"),
              ElementsAre(StartsWith("1:1: expected a schedule of five fields")));
  EXPECT_THAT(Errors("* * * * *"), ElementsAre("1:10: expected a task's name"));
  EXPECT_THAT(Errors("@daily"), ElementsAre("1:7: expected a task's name"));
  EXPECT_THAT(Errors("@daily {a: 1}"),
              ElementsAre(HasSubstr("1:8: expected a task's name between")));
  EXPECT_THAT(Errors("@daily a b"),
              ElementsAre(StartsWith("1:10: expected ?options or a payload")));
  EXPECT_THAT(Errors("@reboot a"), ElementsAre(StartsWith("1:1: @reboot is not known")));
  EXPECT_THAT(Errors("0 0 4 * * * a"),
              ElementsAre(HasSubstr("a schedule has five fields, no seconds and no years"),
                          StartsWith("1:13: expected ?options")));
  EXPECT_THAT(Errors("CRON_TZ=Europe/Berlin"),
              ElementsAre(HasSubstr("1:1: a crontab sets no variables")));
  EXPECT_THAT(Errors("MAILTO = me"), ElementsAre(HasSubstr("1:1: a crontab sets no variables")));
  EXPECT_THAT(Errors("0 0 30 2 * a"),
              ElementsAre("1:5: day of month and month never come together"));
  EXPECT_THAT(Errors("@daily \xff"), ElementsAre("1:8: the line is not valid UTF-8 here"));
}

TEST(CrontabTest, RefusesTasksWithLongNames) {
  EXPECT_THAT(Specs("@daily " + std::string(128, 'a')), SizeIs(1));
  EXPECT_THAT(Errors("@daily " + std::string(129, 'a')),
              ElementsAre("1:8: task must have 1 to 128 characters, not 129"));
}

TEST(CrontabTest, HoldsTenThousandEntriesAndOneMebibyte) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&text, "@daily t", i, "\n");
  EXPECT_THAT(Specs(text), SizeIs(10'000));
  EXPECT_THAT(Errors(text + "@daily more\n@daily yet\n"),
              ElementsAre("10001:1: the crontab has more than 10000 entries"));
  EXPECT_THAT(Specs("#" + std::string((1 << 20) - 1, 'x')), IsEmpty());
  EXPECT_THAT(Errors("#" + std::string(1 << 20, 'x')),
              ElementsAre("1:1: the crontab has 1048577 bytes, more than 1048576"));
}

TEST(CrontabTest, BoundsWhatItSaysOfAHopelessText) {
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "x\n";
  EXPECT_THAT(Errors(lines), SizeIs(1000));
  const auto errors = Errors("@daily " + std::string(100'000, '!'));
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_LT(errors[0].size(), 500);
}

TEST(CrontabTest, FormatsErrorsAsCompilersDo) {
  EXPECT_EQ(FormatErrors(ParseCrontab("\n61 * * * * a\n@daily").errors, "jobs/crontab"),
            "jobs/crontab:2:1: minute 61 is not from 0 to 59\n"
            "jobs/crontab:3:7: expected a task's name\n");
}

}  // namespace
}  // namespace leasehold
