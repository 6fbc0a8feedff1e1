#include "client/cli/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"

namespace leasehold::cli {
namespace {

using client::IfExists;
using client::JobState;
using ::testing::HasSubstr;

TEST(ParseDurationTest, TakesUnitsAndPlainSeconds) {
  EXPECT_EQ(*ParseDuration("1h30m"), absl::Minutes(90));
  EXPECT_EQ(*ParseDuration("250ms"), absl::Milliseconds(250));
  EXPECT_EQ(*ParseDuration("1.5"), absl::Milliseconds(1500));
  EXPECT_EQ(*ParseDuration("0"), absl::ZeroDuration());
}

TEST(ParseDurationTest, RefusesWhatIsNoWaitingTime) {
  for (const char* text : {"", "soon", "-1s", "-1", "inf", "-inf", "nan", "1e300", "5 parsecs"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseDuration(text).status())) << text;
  }
}

TEST(ParsePeriodTest, TakesDaysAndWeeksToo) {
  EXPECT_EQ(*ParsePeriod("1w2d3h4m5s"), absl::Seconds(788'645));
  EXPECT_EQ(*ParsePeriod("1.5"), absl::Milliseconds(1500));
  EXPECT_EQ(*ParsePeriod("250ms"), absl::Milliseconds(250));
  for (const char* text : {"", "1y", "d", "-1d", "100000w"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParsePeriod(text).status())) << text;
  }
}

TEST(ParseRunAtTest, TakesTimesOfRfc3339AndNow) {
  const absl::Time noon = absl::FromUnixSeconds(1'927'627'200);
  EXPECT_EQ(*ParseRunAt("2031-01-31T12:00:00Z"), noon);
  EXPECT_EQ(*ParseRunAt("2031-01-31T14:00:00.5+02:00"), noon + absl::Milliseconds(500));
  EXPECT_EQ(*ParseRunAt("now"), std::nullopt);
}

TEST(ParseRunAtTest, RefusesEverythingElse) {
  for (const char* text :
       {"", "tomorrow", "2031-01-31", "infinite-future", "2031-02-30T00:00:00Z"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseRunAt(text).status())) << text;
  }
}

TEST(ParseJobKeyModeTest, TakesUnderscoresAndHyphens) {
  EXPECT_EQ(*ParseJobKeyMode("replace"), IfExists::kReplace);
  EXPECT_EQ(*ParseJobKeyMode("preserve_run_at"), IfExists::kPreserveRunAt);
  EXPECT_EQ(*ParseJobKeyMode("preserve-run-at"), IfExists::kPreserveRunAt);
  EXPECT_EQ(*ParseJobKeyMode("unsafe-dedupe"), IfExists::kUnsafeDedupe);
  EXPECT_EQ(*ParseJobKeyMode("reject"), IfExists::kReject);
}

TEST(ParseJobKeyModeTest, NamesTheModesWhenItRefusesOne) {
  EXPECT_THAT(std::string(ParseJobKeyMode("dedupe").status().message()),
              HasSubstr("replace, preserve_run_at, unsafe_dedupe, reject"));
}

TEST(ParseStateTest, TakesTheStatesAndTheFamilysNameForLeased) {
  EXPECT_EQ(*ParseState("all"), std::nullopt);
  EXPECT_EQ(*ParseState("ready"), JobState::kReady);
  EXPECT_EQ(*ParseState("scheduled"), JobState::kScheduled);
  EXPECT_EQ(*ParseState("leased"), JobState::kLeased);
  EXPECT_EQ(*ParseState("locked"), JobState::kLeased);
  EXPECT_EQ(*ParseState("failed"), JobState::kFailed);
  EXPECT_TRUE(absl::IsInvalidArgument(ParseState("done").status()));
}

TEST(ParseMetadataTest, CutsAtTheFirstEqualsSign) {
  EXPECT_EQ(*ParseMetadata("tracestate=a=b"),
            std::pair(std::string("tracestate"), std::string("a=b")));
  EXPECT_EQ(*ParseMetadata("empty="), std::pair(std::string("empty"), std::string()));
  EXPECT_TRUE(absl::IsInvalidArgument(ParseMetadata("=value").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ParseMetadata("value").status()));
}

}  // namespace
}  // namespace leasehold::cli
