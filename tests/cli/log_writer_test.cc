#include "client/cli/log_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace leasehold::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class LogWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    signal(SIGPIPE, SIG_IGN);
    ASSERT_EQ(pipe(pipe_), 0);
  }
  void TearDown() override {
    close(pipe_[0]);
    close(pipe_[1]);
  }

  // What is in the pipe.
  std::string Read() const {
    fcntl(pipe_[0], F_SETFL, O_NONBLOCK);
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = read(pipe_[0], buffer, sizeof(buffer))) > 0;) text.append(buffer, n);
    return text;
  }

  int pipe_[2] = {-1, -1};
};

TEST_F(LogWriterTest, WritesEveryLineBeforeItCloses) {
  LogWriter log(pipe_[1], {});
  log.Write({.message = "one"});
  log.Write({.message = "two"});
  log.Close();
  EXPECT_THAT(Read(), testing::MatchesRegex(".* msg=one\n.* msg=two\n"));
}

TEST_F(LogWriterTest, NeverKeepsAWriterWaitingForAReader) {
  const std::string line(64 * 1024, 'x');
  LogWriter log(pipe_[1], {});
  for (int i = 0; i < 200; ++i) log.Write({.message = line});
  log.Close();
  EXPECT_GT(Read().size(), 0u);
}

TEST_F(LogWriterTest, SaysHowManyLinesItDropped) {
  const std::string line(64 * 1024, 'x');
  LogWriter log(pipe_[1], {});
  for (int i = 0; i < 200; ++i) log.Write({.message = line});
  log.Write({.message = "last"});

  std::string text;
  char buffer[64 * 1024];
  while (text.find("msg=last\n") == std::string::npos) {
    const ssize_t n = read(pipe_[0], buffer, sizeof(buffer));
    ASSERT_GT(n, 0);
    text.append(buffer, static_cast<size_t>(n));
  }
  EXPECT_THAT(text, HasSubstr("log lines dropped"));
}

TEST_F(LogWriterTest, OutlivesItsReader) {
  LogWriter log(pipe_[1], {});
  close(pipe_[0]);
  log.Write({.message = "nobody"});
  log.Close();
  log.Write({.message = "too late"});
}

TEST_F(LogWriterTest, KeepsLinesOfManyThreadsApart) {
  std::vector<std::thread> threads;
  {
    LogWriter log(pipe_[1], {});
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&log] {
        for (int line = 0; line < 50; ++line) log.Write({.message = "a-whole-line"});
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const std::string text = Read();
  EXPECT_THAT(text, EndsWith("msg=a-whole-line\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 200);
}

}  // namespace
}  // namespace leasehold::cli
