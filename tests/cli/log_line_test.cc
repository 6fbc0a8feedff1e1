#include "client/cli/log_line.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace leasehold::cli {
namespace {

using client::LogLevel;

constexpr LogStyle kPlain = {.format = LogFormat::kTerminal};
constexpr LogStyle kFancy = {.format = LogFormat::kTerminal, .color = true, .utf8 = true};
constexpr LogStyle kUtf8 = {.format = LogFormat::kTerminal, .utf8 = true};
constexpr LogStyle kKeyValue = {.format = LogFormat::kKeyValue};
constexpr LogStyle kJson = {.format = LogFormat::kJson};

const LogEvent kDone = {.mark = LogMark::kComplete,
                        .job_id = "42",
                        .task = "hello",
                        .attempt = 1,
                        .took = absl::Milliseconds(35)};
const LogEvent kFailed = {.level = LogLevel::kError,
                          .mark = LogMark::kFailed,
                          .message = "no \"such\" file\n",
                          .job_id = "42",
                          .task = "hello",
                          .attempt = 3,
                          .took = absl::Seconds(2)};

class LogLineTest : public testing::Test {
 protected:
  static std::string Line(const LogEvent& event, const LogStyle& style) {
    return FormatLogLine(event, absl::FromUnixMillis(1'900'000'000'123), style);
  }

  // Without the time of day, which is the machine's.
  static std::string AfterTime(const std::string& line) { return line.substr(8); }
};

TEST_F(LogLineTest, IsShortOnATerminal) {
  EXPECT_EQ(AfterTime(Line(kDone, kUtf8)), " hello 42 ✓ 35 ms\n");
  EXPECT_EQ(AfterTime(Line(kFailed, kUtf8)), " hello 42 ✗ 2.0 s: no \"such\" file\\n\n");
  EXPECT_EQ(AfterTime(Line({.message = "connected"}, kUtf8)), " connected\n");
}

TEST_F(LogLineTest, IsPlainAsciiWithoutUtf8) {
  EXPECT_EQ(AfterTime(Line(kDone, kPlain)), " hello 42 ok 35 ms\n");
  EXPECT_EQ(AfterTime(Line(kFailed, kPlain)), " hello 42 failed 2.0 s: no \"such\" file\\n\n");
}

TEST_F(LogLineTest, ColoursTheMarkOnly) {
  const std::string line = Line(kDone, kFancy);
  EXPECT_NE(line.find(" hello 42 \x1b[32m✓\x1b[0m 35 ms\n"), std::string::npos) << line;
}

TEST_F(LogLineTest, SaysHowBadAMessageIs) {
  EXPECT_EQ(AfterTime(Line({.level = LogLevel::kWarning, .message = "late"}, kPlain)),
            " warning: late\n");
}

TEST_F(LogLineTest, MarksOutputOfPrograms) {
  LogEvent event = {.mark = LogMark::kOutput, .message = "\x1b[2J", .job_id = "1", .task = "t"};
  EXPECT_EQ(AfterTime(Line(event, kPlain)), " t 1 | \\x1b[2J\n");
  event.mark = LogMark::kErrorOutput;
  EXPECT_EQ(AfterTime(Line(event, kPlain)), " t 1 ! \\x1b[2J\n");
}

TEST_F(LogLineTest, IsKeysAndValuesForPrograms) {
  EXPECT_EQ(Line(kDone, kKeyValue),
            "ts=2030-03-17T17:46:40.123Z level=info task=hello job_id=42 attempt=1 "
            "outcome=complete duration_ms=35\n");
  EXPECT_EQ(Line(kFailed, kKeyValue),
            "ts=2030-03-17T17:46:40.123Z level=error task=hello job_id=42 attempt=3 "
            "outcome=failed duration_ms=2000 msg=\"no \\\"such\\\" file\\n\"\n");
}

TEST_F(LogLineTest, IsAJsonObjectIfAsked) {
  EXPECT_EQ(Line(kFailed, kJson),
            R"({"ts":"2030-03-17T17:46:40.123Z","level":"error","task":"hello","job_id":"42",)"
            R"("attempt":3,"outcome":"failed","duration_ms":2000,"msg":"no \"such\" file\n"})"
            "\n");
}

TEST_F(LogLineTest, SurvivesBytesThatAreNotUtf8) {
  EXPECT_NE(Line({.message = "a\xff"}, kJson).find("\"msg\":\"a\xEF\xBF\xBD\""), std::string::npos);
}

TEST(LogStyleTest, IsKeyValueWhereThereIsNoTerminal) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  EXPECT_EQ(LogStyle::For(pipe_ends[1], false).format, LogFormat::kKeyValue);
  EXPECT_EQ(LogStyle::For(pipe_ends[1], true).format, LogFormat::kJson);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST(LogStyleTest, HasNoColourOnATerminalThatWantsNone) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0) GTEST_SKIP() << "no pseudo terminals here";
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  EXPECT_EQ(LogStyle::For(terminal, false).format, LogFormat::kTerminal);
  EXPECT_TRUE(LogStyle::For(terminal, false).color);
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(LogStyle::For(terminal, false).color);
  unsetenv("NO_COLOR");
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(LogStyle::For(terminal, false).color);
  close(terminal);
}

}  // namespace
}  // namespace leasehold::cli
