#include "server/loop/clock.h"

#include <gtest/gtest.h>

namespace leasehold::loop {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'000'000'000);
// Longer than a test runs between two lines.
constexpr absl::Duration kMoment = absl::Seconds(10);
constexpr absl::Duration kStep = absl::Milliseconds(100);

TEST(DatabaseClock, GoesOnFromWhatTheDatabaseSaid) {
  DatabaseClock clock;
  clock.Reset(kStart, MonotonicNow() - std::chrono::minutes(1));
  EXPECT_GE(clock.Now(), kStart + absl::Minutes(1));
  EXPECT_LT(clock.Now(), kStart + absl::Minutes(1) + kMoment);
}

TEST(DatabaseClock, FollowsAClockThatWasSetStepByStep) {
  DatabaseClock clock;
  const MonotonicTime at = MonotonicNow() - std::chrono::minutes(1);
  clock.Reset(kStart, at);
  clock.Follow(kStart + absl::Hours(1), at);
  clock.Follow(kStart + absl::Hours(1), at);
  EXPECT_GE(clock.Now(), kStart + absl::Minutes(1) + 2 * kStep);
  EXPECT_LT(clock.Now(), kStart + absl::Minutes(1) + 2 * kStep + kMoment);
}

TEST(DatabaseClock, NeverRunsBackwardsWhileItFollows) {
  DatabaseClock clock;
  clock.Reset(kStart, MonotonicNow());
  absl::Time before = clock.Now();
  for (int i = 0; i < 5; ++i) {
    clock.Follow(kStart - absl::Hours(1), MonotonicNow());
    EXPECT_GE(clock.Now(), before);
    before = clock.Now();
  }
}

TEST(DatabaseClock, BeginsAnewWithALeadership) {
  DatabaseClock clock;
  clock.Reset(kStart, MonotonicNow());
  clock.Reset(kStart - absl::Hours(1), MonotonicNow());
  EXPECT_LT(clock.Now(), kStart);
}

TEST(DatabaseClock, WakesAtMostAnHourAhead) {
  DatabaseClock clock;
  clock.Reset(kStart, MonotonicNow());
  const MonotonicTime never = clock.At(absl::InfiniteFuture());
  EXPECT_LE(never, MonotonicNow() + std::chrono::hours(1));
  const MonotonicTime past = clock.At(kStart - absl::Hours(1));
  EXPECT_LE(past, MonotonicNow());
}

}  // namespace
}  // namespace leasehold::loop
