#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tests/cli/cli_test.h"
#include "tests/cli/scripts.h"

namespace leasehold::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class CronCheckTest : public CliTest {
 protected:
  int Check(const std::string& crontab, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"cron", "check", "-"});
    return RunAnywhere(std::move(options), crontab);
  }
};

TEST_F(CronCheckTest, ShowsTheNextRunsOfEachEntryInItsZoneWithoutAServer) {
  ASSERT_EQ(Check("# comment\n30 2 * * * mail ?tz=America/New_York\n@monthly t ?id=bills\n",
                  {"--from", "2026-03-07T12:00:00Z"}),
            kExitOk);
  EXPECT_EQ(out_,
            "mail: 30 2 * * * America/New_York\n"
            "  Sun 2026-03-08 03:00 -04:00\n"
            "  Mon 2026-03-09 02:30 -04:00\n"
            "  Tue 2026-03-10 02:30 -04:00\n"
            "  Wed 2026-03-11 02:30 -04:00\n"
            "  Thu 2026-03-12 02:30 -04:00\n"
            "bills: @monthly UTC\n"
            "  Wed 2026-04-01 00:00 +00:00\n"
            "  Fri 2026-05-01 00:00 +00:00\n"
            "  Mon 2026-06-01 00:00 +00:00\n"
            "  Wed 2026-07-01 00:00 +00:00\n"
            "  Sat 2026-08-01 00:00 +00:00\n");
  EXPECT_THAT(err_, IsEmpty());
}

TEST_F(CronCheckTest, WritesDocuments) {
  ASSERT_EQ(Check("0 4 * * * t ?tz=Europe/Berlin {n: .10}",
                  {"--from", "2026-03-01T00:00:00Z", "--count", "2", "--json"}),
            kExitOk);
  EXPECT_THAT(out_, HasSubstr(R"("payload":{"n":0.10})"));
  const auto entries = nlohmann::json::parse(out_);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0]["identifier"], "t");
  EXPECT_EQ(entries[0]["time_zone"], "Europe/Berlin");
  EXPECT_THAT(entries[0]["next_runs"],
              ElementsAre("2026-03-01T04:00:00+01:00", "2026-03-02T04:00:00+01:00"));
}

TEST_F(CronCheckTest, RunsFromNowOn) {
  ASSERT_EQ(Check("* * * * * t", {"--count", "1", "--json"}), kExitOk);
  absl::Time run;
  std::string error;
  const std::string text = nlohmann::json::parse(out_)[0]["next_runs"][0];
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &run, &error)) << text << error;
  EXPECT_LT(absl::AbsDuration(run - absl::Now()), absl::Minutes(2));
}

TEST_F(CronCheckTest, NamesEveryFaultWithItsPlaceAndFails) {
  const ScriptDirectory files;
  const std::string file = files.Write("crontab", "61 * * * * a\n@daily a\n0 0 30 2 * c", 0644);
  for (const char* format : {"table", "json"}) {
    EXPECT_EQ(RunAnywhere({"cron", "check", file, "-o", format}), kExitError);
    EXPECT_THAT(out_, IsEmpty());
    EXPECT_EQ(err_, file + ":1:1: minute 61 is not from 0 to 59\n" +  //
                        file + ":2:8: the identifier 'a' is that of line 1 too: give one of them " +
                        "another with ?id=\n" +  //
                        file + ":3:5: day of month and month never come together\n" +
                        "leasehold: " + file + " has 3 faults\n");
  }
  EXPECT_EQ(Check("\x1b[2J"), kExitError);
  EXPECT_THAT(err_, Not(HasSubstr("\x1b")));
  EXPECT_THAT(err_, HasSubstr("leasehold: standard input has 1 fault\n"));
}

TEST_F(CronCheckTest, SaysThatThereAreNoEntries) {
  ASSERT_EQ(Check(""), kExitOk);
  EXPECT_EQ(err_, "the crontab has no entries\n");
  ASSERT_EQ(Check("# nothing\n", {"--json"}), kExitOk);
  EXPECT_EQ(out_, "[]\n");
}

TEST_F(CronCheckTest, SaysThatItCannotReadAFile) {
  const ScriptDirectory files;
  EXPECT_EQ(RunAnywhere({"cron", "check", files.path("none")}), kExitError);
  EXPECT_EQ(err_, "leasehold: cannot read the crontab " + files.path("none") +
                      ": No such file or directory\n");
  EXPECT_EQ(RunAnywhere({"cron", "check", files.path("")}), kExitError);
  EXPECT_THAT(err_, HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace leasehold::cli
