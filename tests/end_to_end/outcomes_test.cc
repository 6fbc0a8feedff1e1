#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <pqxx/pqxx>
#include <string>

#include "absl/time/clock.h"
#include "tests/end_to_end/end_to_end_test.h"

// What an outcome may say, over the stream and over the unary calls.
namespace leasehold::testing {
namespace {

using client::JobState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

enum class Way { kStream, kUnary };

class AnOutcomeTest : public EndToEndTest, public ::testing::WithParamInterface<Way> {
 protected:
  AnOutcomeTest() : executor_(ledger_, Executor()) {}

  // A job that ends as `how` says. Over the unary call it is recorded before the handler returns.
  std::string AddEnding(const std::string& how) {
    return Add({.task = "work",
                .payload = Payload(1, GetParam() == Way::kUnary ? R"("unary":true,)" + how : how)});
  }

  void TearDown() override {
    EXPECT_TRUE(ledger_.Await("recorded", GetParam() == Way::kUnary ? 1 : 0));
    EXPECT_THAT(ledger_.Lines("lost"), ::testing::IsEmpty());
    EXPECT_THAT(ledger_.Lines("unanswered"), ::testing::IsEmpty());
  }

  ExecutorProcess executor_;
};

INSTANTIATE_TEST_SUITE_P(Over, AnOutcomeTest, ::testing::Values(Way::kStream, Way::kUnary),
                         [](const auto& info) {
                           return info.param == Way::kStream ? "TheStream" : "TheUnaryCall";
                         });

TEST_P(AnOutcomeTest, OfAFailureBacksOff) {
  const client::Job job = Await(AddEnding(R"("fail":"no luck")"), JobState::kScheduled);
  EXPECT_EQ(job.attempts, 1);
  EXPECT_EQ(job.last_error, "no luck");
  ExpectFirstBackOff(job, ledger_.Lines("end").back().time);
}

TEST_P(AnOutcomeTest, MayFailAJobForGood) {
  const client::Job job = Await(AddEnding(R"("fail":"never","permanent":true)"), JobState::kFailed);
  EXPECT_EQ(job.last_error, "never");
  EXPECT_EQ(job.attempts, job.max_attempts);
  ExpectTotal(&client::Stats::failed_attempts_total, 1);
}

TEST_P(AnOutcomeTest, MaySayWhenToTryAgain) {
  AddEnding(R"("fail":"not yet","fails":1,"retry_ms":600)");
  ASSERT_TRUE(AwaitNoJobs());
  const std::vector<LedgerLine> starts = ledger_.Lines("start");
  ASSERT_EQ(starts.size(), 2u);
  EXPECT_GE(starts[1].time - starts[0].time, absl::Milliseconds(400));
  // The back-off would be 2.7 s.
  EXPECT_LT(starts[1].time - starts[0].time, absl::Seconds(2.5));
}

TEST_P(AnOutcomeTest, MayReplaceThePayload) {
  AddEnding(R"("fail":"half done","retry_ms":0,"next":{"n":2})");
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("start"), ElementsAre(1, 2));
  EXPECT_EQ(ledger_.Lines("start").back().attempt, 2);
}

TEST_P(AnOutcomeTest, MayReplaceThePayloadOfAJobThatFailsForGood) {
  const client::Job job = Await(
      AddEnding(R"("fail":"never","permanent":true,"next":{"left":[1,2]})"), JobState::kFailed);
  EXPECT_EQ(job.payload, R"({"left":[1,2]})");
}

class AnInterruptedJobTest : public EndToEndTest {};

TEST_F(AnInterruptedJobTest, MayRunAgainAfterTheDelayWithItsAttemptGivenBack) {
  auto options = Executor();
  options.interrupted_job_delay = absl::Minutes(7);
  ExecutorProcess executor(ledger_, options);
  const std::string id = Add({.task = "work", .payload = Payload(1, R"("hold":true)")});
  ASSERT_TRUE(ledger_.Await("start", 1));
  executor.Signal(SIGTERM);
  EXPECT_EQ(executor.Wait(), Exit{}) << executor.Errors();
  const absl::Time interrupted = ledger_.Lines("cancelled").back().time;
  const client::Job job = Get(id);
  EXPECT_EQ(job.attempts, 0);
  EXPECT_EQ(job.last_error, "");
  // 100 ms, which its handler asks for.
  EXPECT_GT(job.run_at, interrupted);
  EXPECT_LT(job.run_at - interrupted, absl::Minutes(1));
}

TEST_F(AnInterruptedJobTest, ThatIgnoresItsCancellationIsGivenBackWithTheDelayOfItsExecutor) {
  auto options = Executor();
  options.grace_period = absl::Milliseconds(300);
  options.interrupted_job_delay = absl::Minutes(7);
  ExecutorProcess executor(ledger_, options);
  const std::string id =
      Add({.task = "work", .payload = Payload(1, R"("stubborn":true,"hold":true)")});
  ASSERT_TRUE(ledger_.Await("start", 1));
  executor.Signal(SIGTERM);
  ASSERT_TRUE(executor.Wait().has_value());
  const client::Job job = Get(id);
  EXPECT_EQ(job.state, JobState::kScheduled);
  EXPECT_EQ(job.attempts, 0);
  EXPECT_GT(job.run_at - absl::Now(), absl::Minutes(6));
  EXPECT_LE(job.run_at - absl::Now(), absl::Minutes(7));
  ExpectTotal(&client::Stats::released_total, 1);
  ExpectTotal(&client::Stats::failed_attempts_total, 0);
}

TEST_F(AnInterruptedJobTest, ThatHasNotStartedGoesToAnotherAtOnce) {
  auto options = Executor("leaving");
  options.concurrency = 1;
  ExecutorProcess leaving(ledger_, options);
  Add({.task = "work", .payload = Payload(0, R"("stubborn":true,"hold":true)")});
  ASSERT_TRUE(ledger_.Await("start", 1));
  Await(Add({.task = "work", .payload = Payload(1)}), JobState::kLeased);
  leaving.Signal(SIGTERM);
  const absl::Time asked = absl::Now();
  ExecutorProcess other(ledger_, Executor("other"));
  ASSERT_TRUE(ledger_.Await("end", 1));
  EXPECT_LT(ledger_.Lines("end").back().time - asked, absl::Seconds(2));
  EXPECT_EQ(ledger_.Lines("end").back().executor, "other");
}

}  // namespace
}  // namespace leasehold::testing
