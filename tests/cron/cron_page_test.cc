// What docs/cron.md shows is what happens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "server/cron/crontab.h"

namespace leasehold {
namespace {

using testing::SizeIs;
using testing::StartsWith;

std::string ReadPage() {
  std::ifstream file("docs/cron.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The texts of the page's fenced blocks of this language.
std::vector<std::string> Blocks(const std::string& language) {
  const std::string page = ReadPage();
  const std::string fence = "\n```" + language + "\n";
  std::vector<std::string> blocks;
  for (size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at)) {
    at += fence.size();
    blocks.push_back(page.substr(at, page.find("\n```\n", at) + 1 - at));
  }
  return blocks;
}

// What a shell prints, with our `leasehold` first in its path.
std::string OutputOf(const std::string& command) {
  const std::string script = "PATH=$PWD/client/cli:$PATH; { " + command + "; } 2>&1";
  FILE* const pipe = popen(script.c_str(), "r");
  std::string output;
  for (int c; (c = fgetc(pipe)) != EOF;) output += static_cast<char>(c);
  pclose(pipe);
  return output;
}

TEST(CronPageTest, ShowsCrontabsThatAreRight) {
  const auto crontabs = Blocks("crontab");
  EXPECT_THAT(crontabs, SizeIs(testing::Gt(0)));
  for (const std::string& crontab : crontabs) {
    EXPECT_EQ(FormatErrors(ParseCrontab(crontab).errors, "block"), "") << crontab;
  }
}

TEST(CronPageTest, ShowsWhatTheCommandPrints) {
  int commands = 0;
  for (const std::string& block : Blocks("console")) {
    const size_t line_end = block.find('\n');
    const std::string command = block.substr(2, line_end - 2);
    if (command.find("leasehold cron check") == std::string::npos) continue;
    ++commands;
    EXPECT_EQ(OutputOf(command), block.substr(line_end + 1)) << command;
  }
  EXPECT_GE(commands, 2);
}

// The runs of one day of the zone, as "03:00 -04:00".
std::vector<std::string> RunsOf(const Schedule& schedule, const std::string& day) {
  absl::CivilDay civil_day;
  EXPECT_TRUE(absl::ParseCivilTime(day, &civil_day)) << day;
  std::vector<std::string> runs;
  absl::Time time = absl::FromCivil(civil_day, schedule.zone()) - absl::Nanoseconds(1);
  while (true) {
    time = schedule.NextAfter(time);
    if (absl::ToCivilDay(time, schedule.zone()) != civil_day) return runs;
    runs.push_back(absl::FormatTime("%H:%M %Ez", time, schedule.zone()));
  }
}

TEST(CronPageTest, TellsWhenCronsRunWhereTheClockIsMoved) {
  const std::string page = ReadPage();
  const std::regex row(
      R"(\| `([^`]+)` \| `(\w+/\w+)` \| (\d{4}-\d\d-\d\d) \| [^|]+ \| ([^|]+) \|)");
  int rows = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), row), end; at != end; ++at, ++rows) {
    const auto schedule = Schedule::Parse((*at)[1].str(), (*at)[2].str());
    ASSERT_TRUE(schedule.ok()) << schedule.status();
    std::string shown = (*at)[4];
    const bool all = !shown.ends_with(", ...");
    if (!all) shown.resize(shown.size() - 5);
    const std::string runs = absl::StrJoin(RunsOf(*schedule, (*at)[3]), ", ");
    if (all) {
      EXPECT_EQ(runs, shown) << at->str();
    } else {
      EXPECT_THAT(runs, StartsWith(shown)) << at->str();
    }
  }
  EXPECT_EQ(rows, 10);
}

}  // namespace
}  // namespace leasehold
