#include "server/queue/ended_tokens.h"

#include "gtest/gtest.h"

namespace leasehold::queue {
namespace {

constexpr uint64_t kEpoch = uint64_t{7} << 32;
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TEST(EndedTokens, KnowHowEachEnded) {
  EndedTokens tokens;
  tokens.Add(kEpoch | 1, OutcomeKind::kComplete, kNow);
  tokens.Add(kEpoch | 2, OutcomeKind::kFail, kNow);
  tokens.Add(kEpoch | 70'000, OutcomeKind::kRelease, kNow);
  EXPECT_EQ(tokens.Find(kEpoch | 1), OutcomeKind::kComplete);
  EXPECT_EQ(tokens.Find(kEpoch | 2), OutcomeKind::kFail);
  EXPECT_EQ(tokens.Find(kEpoch | 70'000), OutcomeKind::kRelease);
  EXPECT_EQ(tokens.Find(kEpoch | 3), std::nullopt);
  EXPECT_EQ(tokens.Find(1), std::nullopt) << "of another epoch";
  EXPECT_EQ(tokens.size(), 3u);
}

TEST(EndedTokens, AreRememberedForTenMinutes) {
  EndedTokens tokens;
  tokens.Add(kEpoch | 1, OutcomeKind::kComplete, kNow);
  tokens.Add(kEpoch | 10'000, OutcomeKind::kComplete, kNow + absl::Minutes(5));
  tokens.Forget(kNow + EndedTokens::kMemory);
  EXPECT_TRUE(tokens.Find(kEpoch | 1).has_value());
  tokens.Forget(kNow + EndedTokens::kMemory + absl::Seconds(1));
  EXPECT_FALSE(tokens.Find(kEpoch | 1).has_value());
  EXPECT_TRUE(tokens.Find(kEpoch | 10'000).has_value());
  EXPECT_EQ(tokens.size(), 1u);
}

TEST(EndedTokens, AreRememberedByNumbersOfTheJobThatEndedLast) {
  EndedTokens tokens;
  tokens.Add(kEpoch | 1, OutcomeKind::kComplete, kNow);
  tokens.Add(kEpoch | 2, OutcomeKind::kComplete, kNow + absl::Minutes(9));
  tokens.Forget(kNow + absl::Minutes(11));
  EXPECT_TRUE(tokens.Find(kEpoch | 1).has_value());
  tokens.Add(kEpoch | 3, OutcomeKind::kFail, kNow + absl::Minutes(11));
  EXPECT_EQ(tokens.Find(kEpoch | 3), OutcomeKind::kFail);
}

TEST(EndedTokens, AreTheLastFourMillion) {
  EndedTokens tokens;
  constexpr uint64_t kAdded = EndedTokens::kMost + 100'000;
  for (uint64_t i = 0; i < kAdded; ++i) {
    tokens.Add(kEpoch | i, OutcomeKind::kComplete, kNow + absl::Microseconds(i));
  }
  tokens.Forget(kNow + absl::Minutes(1));
  EXPECT_GE(tokens.size(), EndedTokens::kMost);
  EXPECT_LE(tokens.size(), EndedTokens::kMost + 10'000);
  EXPECT_FALSE(tokens.Find(kEpoch).has_value());
  EXPECT_TRUE(tokens.Find(kEpoch | (kAdded - EndedTokens::kMost)).has_value());
}

}  // namespace
}  // namespace leasehold::queue
