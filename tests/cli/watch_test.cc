#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "tests/cli/fake_server.h"
#include "tests/end_to_end/process.h"

// `leasehold ... --watch` itself, which ends at a signal.
namespace leasehold::cli {
namespace {

using ::leasehold::testing::Eventually;
using ::leasehold::testing::Exit;
using ::leasehold::testing::Process;
using ::leasehold::testing::Runfile;
using ::testing::HasSubstr;
using ::testing::StartsWith;

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class WatchTest : public ::testing::Test {
 protected:
  // Whoever runs the tests may ignore it.
  WatchTest() { std::signal(SIGINT, SIG_DFL); }

  Process::Options Watching(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--watch=100ms", "--server", server_.address()});
    return {.arguments = std::move(arguments)};
  }

  // What it writes until `part` has come `times` times and SIGINT has ended it.
  std::string Watch(const std::vector<std::string>& arguments, const std::string& part,
                    size_t times) {
    Process watch(Runfile("client/cli/leasehold"), Watching(arguments));
    EXPECT_TRUE(Eventually([&] { return Count(watch.Output(), part) >= times; }))
        << watch.Output() << watch.Errors();
    watch.Signal(SIGINT);
    EXPECT_EQ(watch.Wait(), Exit{}) << watch.Errors();
    return watch.Output();
  }

  FakeServer server_;
};

TEST_F(WatchTest, WritesDocumentAfterDocumentIntoAPipe) {
  EXPECT_THAT(Watch({"list", "--json"}, "[]\n", 3), StartsWith("[]\n[]\n[]\n"));
  EXPECT_THAT(Watch({"list", "-o", "yaml"}, "[]\n", 3), StartsWith("[]\n---\n[]\n---\n[]\n"));
  server_.stats.set_server_id("7d5b0c0e");
  const std::string tables = Watch({"stats"}, "ready:", 3);
  EXPECT_GE(Count(tables, "epoch 0\n\nready:"), 2u) << tables;
  EXPECT_EQ(Count(tables, "\x1b"), 0u);
}

TEST_F(WatchTest, IsAnOptionOfEveryCommandThatShowsHowThingsStand) {
  for (const char* command : {"list", "stats", "queues", "tasks", "workers", "servers"}) {
    EXPECT_GE(Count(Watch({command, "--json"}, "\n", 2), "\n"), 2u) << command;
  }
}

TEST_F(WatchTest, EndsAtSigtermToo) {
  Process watch(Runfile("client/cli/leasehold"), Watching({"list", "--json"}));
  EXPECT_TRUE(Eventually([&] { return !watch.Output().empty(); }));
  watch.Signal(SIGTERM);
  EXPECT_EQ(watch.Wait(), Exit{});
}

TEST_F(WatchTest, EndsWithStatusOneIfTheServerRefuses) {
  server_.status = grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not for you");
  Process watch(Runfile("client/cli/leasehold"), Watching({"stats"}));
  EXPECT_EQ(watch.Wait(), Exit{.status = 1});
  EXPECT_EQ(watch.Errors(), "leasehold: not for you\n");
}

TEST_F(WatchTest, EndsAtOnceWhileTheServerDoesNotAnswer) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string silent = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));

  Process watch(Runfile("client/cli/leasehold"),
                {.arguments = {"stats", "--watch", "--server", silent, "--timeout", "1h"}});
  pollfd asked = {.fd = listener, .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&asked, 1, 30'000), 1);
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait(), Exit{});
  close(listener);
}

TEST_F(WatchTest, ClearsATerminalAndShowsWhatFits) {
  for (int id = 1; id <= 40; ++id) {
    v1::Job job;
    job.set_id(std::to_string(id));
    job.set_task(std::string(100, 't'));
    server_.jobs.push_back(job);
  }
  std::vector<std::string> words = {Runfile("client/cli/leasehold")};
  for (const std::string& argument : Watching({"list"}).arguments) words.push_back(argument);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  winsize size = {.ws_row = 10, .ws_col = 60, .ws_xpixel = 0, .ws_ypixel = 0};
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, &size);
  if (pid == 0) {
    execv(argv[0], argv.data());
    _exit(127);
  }
  ASSERT_GT(pid, 0);

  std::string shown;
  char bytes[4096];
  while (Count(shown, "more lines") < 2) {
    const ssize_t count = read(terminal, bytes, sizeof(bytes));
    ASSERT_GT(count, 0) << shown;
    shown.append(bytes, static_cast<size_t>(count));
  }
  ASSERT_EQ(write(terminal, "\x03", 1), 1);  // Ctrl-C
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  close(terminal);

  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_THAT(shown, StartsWith("\x1b[H\x1b[2Jevery 100ms, last at "));
  EXPECT_THAT(shown, HasSubstr("ID  TASK"));
  const std::string screen = shown.substr(0, shown.find('\x1b', 7));
  EXPECT_LT(Count(screen, "\n"), 10u) << screen;
  EXPECT_THAT(screen, HasSubstr("... 35 more lines\r\n"));
}

}  // namespace
}  // namespace leasehold::cli
