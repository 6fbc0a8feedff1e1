#include "server/base/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <string>
#include <vector>

namespace leasehold {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

const std::vector<std::string_view> kStatements = {"add_jobs", "record_outcomes"};

class FaultTest : public ::testing::Test {
 protected:
  void TearDown() override { internal::faults_are_planted = false; }

  static absl::Status Plant(const std::string& text) { return PlantFaults(text, kStatements); }

  // What is wrong with a value of LEASEHOLD_FAULT.
  static std::string ComplaintOf(const std::string& text) {
    const absl::Status status = Plant(text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_FALSE(internal::faults_are_planted) << text;
    return std::string(status.message());
  }

  // How often, of a thousand times.
  static int Strikes() {
    int strikes = 0;
    for (int i = 0; i < 1000; ++i) strikes += FaultStrikes(kStoreFaults, "add_jobs", ".before");
    return strikes;
  }
};

TEST_F(FaultTest, StrikesNowhereUnlessItIsPlanted) {
  EXPECT_EQ(Strikes(), 0);
  ASSERT_TRUE(Plant("").ok());
  EXPECT_EQ(Strikes(), 0);
}

TEST_F(FaultTest, StrikesAtItsPointAlone) {
  ASSERT_TRUE(Plant("store.add_jobs.before:1:7:error").ok());
  EXPECT_TRUE(FaultStrikes(kStoreFaults, "add_jobs", kBeforeStatement));
  EXPECT_FALSE(FaultStrikes(kStoreFaults, "add_jobs", kAfterCommit));
  EXPECT_FALSE(FaultStrikes(kStoreFaults, "record_outcomes", kBeforeStatement));
  EXPECT_FALSE(FaultStrikes(kAnswerBeforeWrite));
}

TEST_F(FaultTest, StrikesAsOftenAsItSays) {
  ASSERT_TRUE(Plant("store.add_jobs.before:1:7:error:3").ok());
  EXPECT_EQ(Strikes(), 3);
}

TEST_F(FaultTest, StrikesTheSameTimesForTheSameSeed) {
  ASSERT_TRUE(Plant("store.add_jobs.before:0.25:7:error").ok());
  const int strikes = Strikes();
  EXPECT_GT(strikes, 200);
  EXPECT_LT(strikes, 300);
  ASSERT_TRUE(Plant("store.add_jobs.before:0.25:7:error").ok());
  EXPECT_EQ(Strikes(), strikes);
  ASSERT_TRUE(Plant("store.add_jobs.before:0:7:error").ok());
  EXPECT_EQ(Strikes(), 0);
}

TEST_F(FaultTest, MayBeSeveral) {
  ASSERT_TRUE(Plant("store.add_jobs.before:1:7:error:1,store.record_outcomes.after_commit:1:7:"
                    "exec_then_error,rpc.answer.before_write:1:1:error")
                  .ok());
  EXPECT_EQ(Strikes(), 1);
  EXPECT_TRUE(FaultStrikes(kStoreFaults, "record_outcomes", kAfterCommit));
  EXPECT_TRUE(FaultStrikes(kAnswerBeforeWrite));
}

TEST_F(FaultTest, SleepsAsLongAsItSays) {
  ASSERT_TRUE(Plant("rpc.answer.before_write:1:1:sleep=30ms:1").ok());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(FaultStrikes(kAnswerBeforeWrite));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(30));
}

TEST_F(FaultTest, KillsItsProcess) {
  ASSERT_TRUE(Plant("rpc.answer.before_write:1:1:kill").ok());
  EXPECT_EXIT(FaultStrikes(kAnswerBeforeWrite), ::testing::KilledBySignal(SIGKILL), "");
}

TEST_F(FaultTest, NamesAllThatIsWrongWithAValue) {
  EXPECT_THAT(
      ComplaintOf("store.none.before:1:1:kill,rpc.answer.before_write:2:1:kill"),
      AllOf(HasSubstr("store.none.before"), HasSubstr("no such point"), HasSubstr("probability")));
  EXPECT_THAT(ComplaintOf("rpc.answer.before_write"), HasSubstr("point:probability:seed:kind"));
  EXPECT_THAT(ComplaintOf("rpc.answer.before_write:nan:1:kill"), HasSubstr("probability"));
  EXPECT_THAT(ComplaintOf("rpc.answer.before_write:1:x:kill"), HasSubstr("seed"));
  EXPECT_THAT(ComplaintOf("rpc.answer.before_write:1:1:explode"), HasSubstr("kill, sleep"));
  EXPECT_THAT(ComplaintOf("rpc.answer.before_write:1:1:sleep=x"), HasSubstr("duration"));
  EXPECT_THAT(ComplaintOf("rpc.answer.before_write:1:1:kill:0"), HasSubstr("times"));
  EXPECT_THAT(ComplaintOf("rpc.answer.before_write:1:1:kill,"), HasSubstr("\"\""));
}

TEST_F(FaultTest, FailsOnlyWhereItCan) {
  EXPECT_THAT(ComplaintOf("rpc.jobs_frame.after_write:1:1:error"), HasSubstr("error"));
  EXPECT_THAT(ComplaintOf("store.add_jobs.before:1:1:exec_then_error"), HasSubstr("or error"));
  EXPECT_THAT(ComplaintOf("store.add_jobs.after_commit:1:1:error"),
              HasSubstr("or exec_then_error"));
}

TEST_F(FaultTest, KnowsThePointsOfEveryStatement) {
  EXPECT_THAT(FaultPoints(kStatements),
              AllOf(Contains("store.record_outcomes.before"),
                    Contains("store.record_outcomes.after_commit"),
                    Contains("store.add_jobs.before"), Contains("rpc.jobs_frame.before_write")));
}

}  // namespace
}  // namespace leasehold
