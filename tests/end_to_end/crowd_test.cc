#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <iostream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/session_crowd.h"

// A server that stops under a thousand executors.
namespace leasehold::testing {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::HasSubstr;

constexpr size_t kExecutors = 1000;

// Heartbeats of so many are work: longer times than elsewhere.
const std::vector<std::string>& Flags() {
  static const auto& flags = *new std::vector<std::string>{
      "--heartbeat-interval=2s", "--session-timeout=10s", "--resume-timeout=8s",
      "--receipt-timeout=5s",    "--drain-timeout=8s",
  };
  return flags;
}

class CrowdTest : public EndToEndTest {
 protected:
  CrowdTest()
      : EndToEndTest(Flags()),
        second_({.database_url = database_.url(), .flags = Flags(), .follows = true}),
        crowd_({server_.address(), second_.address()}, kExecutors) {}

  template <typename Condition>
  bool LookUntil(Condition condition) {
    return Eventually([&] {
      crowd_.Look();
      return condition(crowd_.Count());
    });
  }

  ServerProcess second_;
  SessionCrowd crowd_;
};

TEST_F(CrowdTest, IsBackOnTheOtherServerWithinSecondsOfASigtermAndLosesNothing) {
  using Counts = SessionCrowd::Counts;
  ASSERT_TRUE(LookUntil([](const Counts& counts) { return counts.connected == kExecutors; }));
  const auto ids =
      server_.client().AddJobs(std::vector(kExecutors, client::NewJob{.task = "work"}));
  ASSERT_TRUE(ids.ok()) << ids.status();
  ASSERT_TRUE(LookUntil([](const Counts& counts) { return counts.holding == kExecutors; }))
      << crowd_.Count().holding << " hold a job";

  const size_t resumed = crowd_.Count().resumed;
  const absl::Time stopped = absl::Now();
  server_.process().Signal(SIGTERM);
  ASSERT_TRUE(LookUntil([&](const Counts& counts) {
    return counts.connected == kExecutors && counts.resumed >= resumed + kExecutors;
  })) << crowd_.Count().resumed
      << " are back";
  const absl::Duration back = absl::Now() - stopped;
  std::cout << "all are back after " << back << '\n';
  EXPECT_LT(back, absl::Seconds(5));
  EXPECT_EQ(server_.process().Wait(absl::Seconds(8)), Exit{});
  EXPECT_THAT(crowd_.EndsOfStreams(),
              Each(AnyOf(HasSubstr("shutting down"), HasSubstr("does not lead"))))
      << "they are told why, not cut off";

  crowd_.Complete();
  EXPECT_TRUE(LookUntil([](const Counts& counts) { return counts.completed == kExecutors; }))
      << crowd_.Count().completed << " were recorded";
  EXPECT_EQ(crowd_.Count().lost, 0u);
  const auto stats = second_.client().GetStats();
  ASSERT_TRUE(stats.ok()) << stats.status();
  EXPECT_EQ(stats->ready + stats->scheduled + stats->leased + stats->failed, 0);
  EXPECT_EQ(stats->completed_total, static_cast<int64_t>(kExecutors));
  EXPECT_EQ(stats->swept_total, 0);
}

}  // namespace
}  // namespace leasehold::testing
