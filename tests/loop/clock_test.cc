#include "server/loop/clock.h"

#include <gtest/gtest.h>

namespace leasehold::loop {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'000'000'000);
constexpr absl::Duration kStep = absl::Milliseconds(100);
const MonotonicTime kBoot = MonotonicTime() + std::chrono::hours(1);

TEST(DatabaseClock, GoesOnFromWhatTheDatabaseSaid) {
  DatabaseClock clock;
  clock.Reset(kStart, kBoot);
  EXPECT_EQ(clock.Now(kBoot + std::chrono::minutes(1)), kStart + absl::Minutes(1));
}

TEST(DatabaseClock, FollowsAClockThatWasSetStepByStep) {
  DatabaseClock clock;
  clock.Reset(kStart, kBoot);
  clock.Follow(kStart + absl::Hours(1), kBoot);
  clock.Follow(kStart + absl::Hours(1), kBoot);
  EXPECT_EQ(clock.Now(kBoot), kStart + 2 * kStep);
}

TEST(DatabaseClock, NeverRunsBackwardsWhileItFollows) {
  DatabaseClock clock;
  clock.Reset(kStart, kBoot);
  absl::Time before = clock.Now(kBoot);
  for (int i = 0; i < 5; ++i) {
    clock.Follow(kStart - absl::Hours(1), kBoot + std::chrono::milliseconds(i));
    EXPECT_GE(clock.Now(kBoot + std::chrono::milliseconds(i)), before);
    before = clock.Now(kBoot + std::chrono::milliseconds(i));
  }
}

TEST(DatabaseClock, BeginsAnewWithALeadership) {
  DatabaseClock clock;
  clock.Reset(kStart, kBoot);
  clock.Reset(kStart - absl::Hours(1), kBoot);
  EXPECT_EQ(clock.Now(kBoot), kStart - absl::Hours(1));
}

TEST(DatabaseClock, WakesAtMostAnHourAhead) {
  DatabaseClock clock;
  clock.Reset(kStart, kBoot);
  EXPECT_EQ(clock.At(absl::InfiniteFuture(), kBoot), kBoot + std::chrono::hours(1));
  EXPECT_EQ(clock.At(kStart - absl::Hours(1), kBoot), kBoot);
}

}  // namespace
}  // namespace leasehold::loop
