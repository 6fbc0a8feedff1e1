#include "client/cpp/signal_watch.h"

#include <signal.h>
#include <unistd.h>

#include "gtest/gtest.h"
#include "tests/client/event.h"

namespace leasehold::client {
namespace {

TEST(SignalWatch, CallsEveryWatchOnTheFirstSignal) {
  Event first;
  Event second;
  SignalWatch one([&] { first.Set(); });
  SignalWatch two([&] { second.Set(); });
  kill(getpid(), SIGINT);
  first.Await();
  second.Await();
}

TEST(SignalWatchDeathTest, EndsTheProcessOnTheSecondSignal) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        Event called;
        SignalWatch watch([&] { called.Set(); });
        kill(getpid(), SIGTERM);
        called.Await();
        kill(getpid(), SIGTERM);
        pause();
      },
      testing::ExitedWithCode(128 + SIGTERM), "");
}

TEST(SignalWatch, PutsTheHandlersBackThatWereThereBefore) {
  signal(SIGTERM, [](int) {});
  struct sigaction before = {};
  sigaction(SIGTERM, nullptr, &before);
  {
    SignalWatch watch([] {});
  }
  struct sigaction after = {};
  sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
  signal(SIGTERM, SIG_DFL);
}

TEST(SignalWatch, LeavesAnIgnoredSignalIgnored) {
  signal(SIGINT, SIG_IGN);
  SignalWatch watch([] {});
  struct sigaction action = {};
  sigaction(SIGINT, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_IGN);
  signal(SIGINT, SIG_DFL);
}

}  // namespace
}  // namespace leasehold::client
