#include "server/logging/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "server/logging/log_limit.h"

namespace leasehold {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// A log whose lines go into a pipe.
class LogTest : public ::testing::Test {
 protected:
  LogTest() { EXPECT_EQ(pipe2(fds_, O_CLOEXEC), 0); }

  ~LogTest() override {
    ShutdownLogging();
    CloseReader();
    close(fds_[1]);
  }

  void Start(LogFormat format, LogLevel level = LogLevel::kInfo) {
    InitLogging({.level = level, .format = format, .fd = fds_[1]});
  }

  void CloseReader() {
    if (fds_[0] >= 0) close(std::exchange(fds_[0], -1));
  }

  // Ends the log and returns its lines.
  std::vector<std::string> Lines() {
    std::string text;
    std::thread reader([&] { text = ReadAll(); });
    ShutdownLogging();
    close(std::exchange(fds_[1], -1));
    reader.join();
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  nlohmann::json OnlyLine() {
    const std::vector<std::string> lines = Lines();
    EXPECT_EQ(lines.size(), 1u);
    return lines.empty() ? nlohmann::json() : nlohmann::json::parse(lines[0]);
  }

  std::string ReadAll() {
    std::string text;
    char part[4096];
    for (ssize_t n; (n = read(fds_[0], part, sizeof(part))) > 0;) text.append(part, n);
    return text;
  }

  int fds_[2] = {-1, -1};
};

TEST_F(LogTest, WritesOneJsonObjectALine) {
  Start(LogFormat::kJson);
  Log::Info("job swept", {{"job_id", int64_t{1} << 60},
                          {"task", std::string("mail")},
                          {"crashed", true},
                          {"seconds", 0.5},
                          {"count", 3u}});

  const nlohmann::json line = OnlyLine();

  EXPECT_THAT(line["ts"].get<std::string>(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z"));
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["msg"], "job swept");
  EXPECT_EQ(line["logger"], "logging");  // the directory of this file
  EXPECT_EQ(line["job_id"], int64_t{1} << 60);
  EXPECT_EQ(line["task"], "mail");
  EXPECT_EQ(line["crashed"], true);
  EXPECT_EQ(line["seconds"], 0.5);
  EXPECT_EQ(line["count"], 3);
}

TEST_F(LogTest, WritesReadableTextWhereAskedTo) {
  Start(LogFormat::kText);
  Log::Error("executor lost", {{"executor", "host-1"}, {"reason", "no heartbeat"}, {"jobs", 2}});

  EXPECT_THAT(Lines(),
              ElementsAre(MatchesRegex(".*Z error   logging: executor lost executor=host-1 "
                                       "reason=\"no heartbeat\" jobs=2")));
}

TEST_F(LogTest, WritesJsonWhereNoTerminalReads) {
  Start(LogFormat::kAuto);
  Log::Info("started");
  EXPECT_EQ(OnlyLine()["msg"], "started");
}

TEST_F(LogTest, KeepsTextFromForgingALine) {
  const std::string evil = "x\n2026-01-01T00:00:00.000Z error: forged\r\x1b[2J\xc2\x9b \"q\"";
  Start(LogFormat::kText);
  Log::Info(evil, {{"task", evil}});

  const std::vector<std::string> lines = Lines();

  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("x\\n2026"));
  EXPECT_THAT(lines[0], HasSubstr("forged\\x0d\\x1b[2J\\u009b \\\"q\\\"\""));
}

TEST_F(LogTest, KeepsJsonValidWhateverBytesComeIn) {
  Start(LogFormat::kJson);
  Log::Info("odd", {{"task", std::string("\xff\n\0\"", 4)}});
  EXPECT_EQ(OnlyLine()["task"], std::string("\xef\xbf\xbd\n\0\"", 6));
}

TEST_F(LogTest, LeavesOutLinesBelowItsLevel) {
  Start(LogFormat::kText, LogLevel::kWarning);
  Log::Debug("a");
  Log::Info("b");
  Log::Warning("c");

  EXPECT_FALSE(Log::Enabled(LogLevel::kInfo));
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr(": c")));
}

TEST_F(LogTest, WritesWhatWaitsBeforeItEnds) {
  Start(LogFormat::kJson);
  for (int i = 0; i < 1000; ++i) Log::Info("line", {{"i", i}});

  const std::vector<std::string> lines = Lines();

  ASSERT_EQ(lines.size(), 1000u);
  EXPECT_EQ(nlohmann::json::parse(lines.back())["i"], 999);
}

TEST_F(LogTest, WritesLinesLongerThanThePipe) {
  Start(LogFormat::kJson);
  Log::Info("long", {{"text", std::string(300000, 'x')}});
  EXPECT_EQ(OnlyLine()["text"].get<std::string>().size(), 300000u);
}

TEST_F(LogTest, NeitherBlocksNorHangsAtTheEndWhenNobodyReads) {
  Start(LogFormat::kJson);
  for (int i = 0; i < 20000; ++i) Log::Info("a line that fills the pipe", {{"i", i}});

  EXPECT_GT(DroppedLogLines(), 0u);
  ShutdownLogging();
}

TEST_F(LogTest, SurvivesAReaderThatIsGone) {
  Start(LogFormat::kJson);
  CloseReader();
  Log::Info("nobody hears this");
  ShutdownLogging();
}

TEST_F(LogTest, TakesLinesFromManyThreads) {
  Start(LogFormat::kJson);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([t] {
        for (int i = 0; i < 200; ++i) Log::Info("line", {{"thread", t}, {"i", i}});
      });
    }
  }
  const std::vector<std::string> lines = Lines();

  EXPECT_EQ(lines.size(), 800u);
  for (const std::string& line : lines) EXPECT_TRUE(nlohmann::json::accept(line)) << line;
}

TEST(LogLimitTest, CountsWhatItHoldsBack) {
  using std::chrono::seconds;
  const std::chrono::steady_clock::time_point start(seconds(100));
  LogLimit limit(seconds(10));

  EXPECT_EQ(limit.Admit(start), 0u);
  EXPECT_EQ(limit.Admit(start + seconds(1)), std::nullopt);
  EXPECT_EQ(limit.Admit(start + seconds(9)), std::nullopt);
  EXPECT_EQ(limit.Admit(start + seconds(10)), 2u);
  EXPECT_EQ(limit.Admit(start + seconds(20)), 0u);
}

}  // namespace
}  // namespace leasehold
