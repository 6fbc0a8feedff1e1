#include "client/cpp/prefetch.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace leasehold::client {
namespace {

// A server that fills the window at once, every `round`, and four handlers.
class PrefetchTest : public ::testing::Test {
 protected:
  // Jobs of `length` for `time`; the handlers run dry when they are through before the next frame.
  void Run(absl::Duration time, absl::Duration length, bool filled = true) {
    const auto most = static_cast<int>(4 * (kRound / length));
    for (const absl::Time end = now_ + time; now_ < end;) {
      prefetch_.Came(filled);
      now_ += kRound;
      const int held = 4 + prefetch_.jobs();
      if (most >= held) prefetch_.HandlersRanDry();
      prefetch_.Ended(std::min(most, held));
      if (prefetch_.Adapt(now_)) ++changes_;
    }
  }

  static constexpr absl::Duration kRound = absl::Milliseconds(5);

  Prefetch prefetch_{4, -1};
  absl::Time now_ = absl::UnixEpoch();
  int changes_ = 0;
};

TEST_F(PrefetchTest, IsWhatTheUserSays) {
  Prefetch fixed(4, 0);
  for (int i = 0; i < 500; ++i) {
    fixed.Came(/*filled=*/true);
    fixed.HandlersRanDry();
    fixed.Ended(100);
    EXPECT_FALSE(fixed.Adapt(now_ += kRound));
  }
  EXPECT_EQ(fixed.jobs(), 0);
}

TEST_F(PrefetchTest, GrowsWithinAFractionOfASecondUntilShortJobsDoNotRunOut) {
  EXPECT_EQ(prefetch_.jobs(), 8);
  Run(absl::Milliseconds(300), absl::Microseconds(10));
  EXPECT_GE(prefetch_.jobs(), 1996);
  EXPECT_LE(prefetch_.jobs(), 4096);
}

TEST_F(PrefetchTest, RestsWhereHandlersAreNeverDry) {
  Run(absl::Seconds(1), absl::Microseconds(10));
  const int rested = prefetch_.jobs();
  changes_ = 0;
  Run(absl::Seconds(5), absl::Microseconds(10));
  EXPECT_EQ(prefetch_.jobs(), rested);
  EXPECT_EQ(changes_, 0);
}

TEST_F(PrefetchTest, NeverPassesWhatEndsWithinASecond) {
  Run(absl::Seconds(3), absl::Milliseconds(5));
  EXPECT_LE(prefetch_.jobs(), 4 * 200);
}

TEST_F(PrefetchTest, StaysSmallForLongJobs) {
  Run(absl::Seconds(10), absl::Seconds(1));
  EXPECT_EQ(prefetch_.jobs(), 8);
}

TEST_F(PrefetchTest, StaysSmallWhereTheServerHasNoMore) {
  Run(absl::Seconds(3), absl::Microseconds(10), /*filled=*/false);
  EXPECT_EQ(prefetch_.jobs(), 8);
}

TEST_F(PrefetchTest, FallsWithinTwoSecondsWhenJobsBecomeLong) {
  Run(absl::Seconds(1), absl::Microseconds(10));
  Run(absl::Seconds(2), absl::Milliseconds(50));
  EXPECT_LE(prefetch_.jobs(), 80);
}

}  // namespace
}  // namespace leasehold::client
