#include "client/cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::cli {
namespace {

using client::Result;
using ::testing::ElementsAre;

constexpr absl::Duration kDelay = absl::Seconds(30);

TEST(ProgramEnvironmentTest, TellsTheJobAndKeepsTheRest) {
  const Attempt attempt = {.job_id = "42",
                           .task = "hello",
                           .attempt = 2,
                           .max_attempts = 25,
                           .key = "k",
                           .queue = "",
                           .fencing_number = uint64_t{1} << 40};

  EXPECT_THAT(ProgramEnvironment({"PATH=/bin", "LEASEHOLD_JOB_ID=stale", "LEASEHOLD_OTHER=1"},
                                 attempt, "host:7411"),
              ElementsAre("PATH=/bin", "LEASEHOLD_OTHER=1", "LEASEHOLD_ATTEMPT=2",
                          "LEASEHOLD_FENCING_NUMBER=1099511627776", "LEASEHOLD_JOB_ID=42",
                          "LEASEHOLD_KEY=k", "LEASEHOLD_MAX_ATTEMPTS=25", "LEASEHOLD_QUEUE=",
                          "LEASEHOLD_SERVER=host:7411", "LEASEHOLD_TASK=hello"));
}

TEST(ResultOfTest, CompletesWithExitStatusZero) {
  EXPECT_EQ(ResultOf({.exit_status = 0}, false, kDelay).kind, Result::Kind::kComplete);
  EXPECT_EQ(ResultOf({.exit_status = 0}, true, kDelay).kind, Result::Kind::kComplete);
}

TEST(ResultOfTest, FailsForGoodWithExitStatus65) {
  const Result result = ResultOf({.exit_status = 65, .last_error_line = "bad row"}, false, kDelay);
  EXPECT_EQ(result.kind, Result::Kind::kFail);
  EXPECT_TRUE(result.permanent);
  EXPECT_EQ(result.error, "bad row");
}

TEST(ResultOfTest, FailsWithBackOffWithEveryOtherStatus) {
  for (const int status : {1, 75, 127}) {
    const Result result = ResultOf({.exit_status = status}, false, kDelay);
    EXPECT_EQ(result.kind, Result::Kind::kFail);
    EXPECT_FALSE(result.permanent);
    EXPECT_EQ(result.delay, std::nullopt);
    EXPECT_EQ(result.error, "exit status " + std::to_string(status));
  }
}

TEST(ResultOfTest, NamesTheSignalThatEndedTheProgram) {
  EXPECT_EQ(ResultOf({.signal = 9}, false, kDelay).error, "killed by signal 9 (Killed)");
}

TEST(ResultOfTest, GivesAnInterruptedJobBackUnlessTheProgramDecided) {
  const Result interrupted = ResultOf({.signal = 15}, true, kDelay);
  EXPECT_EQ(interrupted.kind, Result::Kind::kRelease);
  EXPECT_EQ(interrupted.delay, kDelay);
  EXPECT_EQ(ResultOf({.exit_status = 1}, true, kDelay).kind, Result::Kind::kRelease);
  EXPECT_EQ(ResultOf({.exit_status = 75}, true, kDelay).kind, Result::Kind::kFail);
  EXPECT_TRUE(ResultOf({.exit_status = 65}, true, kDelay).permanent);
}

}  // namespace
}  // namespace leasehold::cli
