#include "client/cli/subprocess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "tests/cli/scripts.h"

namespace leasehold::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SubprocessTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { signal(SIGPIPE, SIG_IGN); }

  // Runs a script to its end; its lines are in out_ and error_. A line "stop" asks it to stop.
  SubprocessResult RunScript(const std::string& body, std::string input = "",
                             absl::Duration grace_period = absl::Seconds(60)) {
    const auto result = RunSubprocess({.path = scripts_.WriteScript("script", body),
                                       .environment = {"PATH=/usr/bin:/bin", "NAME=value"},
                                       .input = std::move(input),
                                       .grace_period = grace_period},
                                      Collect(), stop_.get_token());
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : SubprocessResult();
  }

  OutputSink Collect() {
    return [this](OutputStream stream, std::string_view line) {
      (stream == OutputStream::kOut ? out_ : error_).emplace_back(line);
      if (line == "stop") stop_.request_stop();
    };
  }

  ScriptDirectory scripts_;
  std::stop_source stop_;
  std::vector<std::string> out_;
  std::vector<std::string> error_;
};

TEST_F(SubprocessTest, HandsOnOutputAndErrorsLineByLine) {
  RunScript("echo one; echo bad >&2; printf 'two\\nthree'");

  EXPECT_THAT(out_, ElementsAre("one", "two", "three"));
  EXPECT_THAT(error_, ElementsAre("bad"));
}

TEST_F(SubprocessTest, FeedsALargePayloadToAProgramThatWritesMeanwhile) {
  std::string payload;
  for (int i = 0; i < 100'000; ++i) payload += "a line of the payload that comes back\n";

  RunScript("cat", payload);

  std::string returned;
  for (const std::string& line : out_) returned += line + "\n";
  EXPECT_EQ(returned, payload);
}

TEST_F(SubprocessTest, DoesNotMindAProgramThatReadsNoPayload) {
  EXPECT_EQ(RunScript("exit 3", std::string(1 << 20, 'x')).exit_status, 3);
}

TEST_F(SubprocessTest, EndsTheInputAfterThePayload) {
  RunScript("cat; echo end", "payload\n");
  EXPECT_THAT(out_, ElementsAre("payload", "end"));
}

TEST_F(SubprocessTest, ReportsTheSignalThatEndedTheProgram) {
  const SubprocessResult result = RunScript("kill -SEGV $$");
  EXPECT_EQ(result.signal, SIGSEGV);
  EXPECT_EQ(result.exit_status, 0);
}

TEST_F(SubprocessTest, KeepsTheLastErrorLineThatIsNotBlank) {
  EXPECT_EQ(RunScript("printf 'first\\nlast\\n \\n\\n' >&2; exit 1").last_error_line, "last");
}

TEST_F(SubprocessTest, GivesTheProgramOnlyTheNamedEnvironment) {
  RunScript("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | sort");
  EXPECT_THAT(out_, ElementsAre("NAME=value", "PATH=/usr/bin:/bin"));
}

TEST_F(SubprocessTest, CutsLinesLongerThanItsBuffer) {
  RunScript("head -c 150000 /dev/zero | tr '\\0' x");

  ASSERT_EQ(out_.size(), 3u);
  EXPECT_EQ(out_[0].size(), 64u * 1024);
  EXPECT_EQ(out_[0].size() + out_[1].size() + out_[2].size(), 150'000u);
}

TEST_F(SubprocessTest, LeavesNoZombie) {
  RunScript("exit 0");
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(SubprocessTest, StartsWithNoSignalBlockedAndSigpipeAlive) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);

  RunScript("sed -n -e 's/^SigBlk:.0*$/blocks nothing/p' -e '/^SigIgn/p' /proc/self/status");

  pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  ASSERT_EQ(out_.size(), 2u);
  EXPECT_EQ(out_[0], "blocks nothing");
  const auto ignored = std::stoull(out_[1].substr(out_[1].find('\t')), nullptr, 16);
  EXPECT_EQ(ignored & (1ULL << (SIGPIPE - 1)), 0u);
}

TEST_F(SubprocessTest, HandsOnNoOtherDescriptor) {
  const int leaked = dup(STDERR_FILENO);
  RunScript(
      "ls /proc/$$/fd | grep -v -e '^[012]$' | while read fd; do readlink /proc/$$/fd/$fd; done");
  close(leaked);

  // The shell itself holds its script open.
  EXPECT_THAT(out_, testing::Each(HasSubstr("script")));
}

TEST_F(SubprocessTest, StopsTheWholeProcessGroupWithSigterm) {
  const SubprocessResult result =
      RunScript("(trap 'echo child stopped; exit' TERM; echo stop; while :; do :; done) & wait");

  EXPECT_EQ(result.signal, SIGTERM);
  EXPECT_THAT(out_, ElementsAre("stop", "child stopped"));
}

TEST_F(SubprocessTest, WaitsForAProgramThatCleansUpWithinTheGracePeriod) {
  const SubprocessResult result =
      RunScript("trap 'echo cleaned up; exit 75' TERM; echo stop; while :; do :; done");

  EXPECT_EQ(result.exit_status, 75);
  EXPECT_THAT(out_, ElementsAre("stop", "cleaned up"));
}

TEST_F(SubprocessTest, KillsAProgramThatIgnoresSigtermAfterTheGracePeriod) {
  const SubprocessResult result =
      RunScript("trap '' TERM; echo stop; while :; do :; done", "", absl::Milliseconds(20));
  EXPECT_EQ(result.signal, SIGKILL);
}

TEST_F(SubprocessTest, KillsWhatIsLeftOfTheGroupAfterTheGracePeriod) {
  const SubprocessResult result = RunScript("(trap '' TERM; echo stop; while :; do :; done) & wait",
                                            "", absl::Milliseconds(20));

  // The loop would hold the pipes open, and the test, for ever.
  EXPECT_EQ(result.signal, SIGTERM);
}

TEST_F(SubprocessTest, StopsAtOnceIfAskedBeforeTheStart) {
  stop_.request_stop();
  EXPECT_EQ(RunScript("while :; do :; done").signal, SIGTERM);
}

TEST_F(SubprocessTest, DoesNotWaitForProcessesLeftBehind) {
  RunScript("sleep 1000 & echo $!");

  ASSERT_EQ(out_.size(), 1u);
  const pid_t left_behind = std::stoi(out_[0]);
  EXPECT_EQ(kill(left_behind, SIGKILL), 0);
}

TEST_F(SubprocessTest, RunsManyProgramsFromManyThreads) {
  const std::string path = scripts_.WriteScript("script", "cat");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&path, i] {
      for (int run = 0; run < 10; ++run) {
        const std::string payload = std::to_string(i * 100 + run);
        std::vector<std::string> lines;
        const auto result = RunSubprocess(
            {.path = path, .environment = {"PATH=/usr/bin:/bin"}, .input = payload},
            [&](OutputStream, std::string_view line) { lines.emplace_back(line); }, {});
        EXPECT_TRUE(result.ok()) << result.status();
        EXPECT_THAT(lines, ElementsAre(payload));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(SubprocessTest, NamesWhatCannotBeRunAndWhy) {
  const auto error = [&](const std::string& path) {
    return RunSubprocess({.path = path}, Collect(), {}).status();
  };

  const absl::Status missing = error(scripts_.path("missing"));
  const absl::Status no_interpreter =
      error(scripts_.Write("odd", "#!/no/such/interpreter\n", 0755));
  const absl::Status no_program = error(scripts_.Write("plain", "echo hello\n", 0755));
  const absl::Status no_permission = error(scripts_.Write("file", "#!/bin/sh\n", 0644));

  EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr("missing: the file"));
  EXPECT_TRUE(absl::IsNotFound(no_interpreter)) << no_interpreter;
  EXPECT_TRUE(absl::IsInvalidArgument(no_program)) << no_program;
  EXPECT_THAT(std::string(no_program.message()), HasSubstr("#!/bin/sh"));
  EXPECT_TRUE(absl::IsFailedPrecondition(no_permission)) << no_permission;
  EXPECT_THAT(out_, IsEmpty());
}

// Waits until the process is gone; its exit makes the descriptor readable.
void AwaitEnd(int pid_fd) {
  pollfd end = {pid_fd, POLLIN, 0};
  EXPECT_EQ(poll(&end, 1, 60'000), 1);
}

TEST_F(SubprocessTest, TakesTheProgramAlongWhenItsProcessIsKilled) {
  const std::string path = scripts_.WriteScript("script", "echo $$; exec sleep 1000");
  int lines[2];
  ASSERT_EQ(pipe(lines), 0);
  const pid_t runner = fork();
  if (runner == 0) {
    const auto tell = [&](OutputStream, std::string_view line) {
      if (write(lines[1], line.data(), line.size()) < 0) _exit(1);
    };
    (void)RunSubprocess({.path = path, .environment = {"PATH=/usr/bin:/bin"}}, tell, {});
    _exit(0);
  }
  char pid[32] = {};
  ASSERT_GT(read(lines[0], pid, sizeof(pid) - 1), 0);
  const int program = static_cast<int>(syscall(SYS_pidfd_open, std::atoi(pid), 0));
  if (program < 0) GTEST_SKIP() << "this kernel has no pidfd_open";

  kill(runner, SIGKILL);

  AwaitEnd(program);
  waitpid(runner, nullptr, 0);
  for (const int fd : {program, lines[0], lines[1]}) close(fd);
}

}  // namespace
}  // namespace leasehold::cli
