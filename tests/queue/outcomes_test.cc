#include <cmath>

#include "tests/queue/support/queue_test.h"

// How leases end by what executors report.
namespace leasehold::fake {
namespace {

using queue::OutcomeProblem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Outcomes : public QueueTest {
 protected:
  Outcome Of(JobId job, OutcomeKind kind) {
    Outcome outcome;
    outcome.token = executor_.Lease(job).token;
    outcome.kind = kind;
    return outcome;
  }

  FakeExecutor& executor_ = Connect();
};

TEST_F(Outcomes, CompleteAJob) {
  const JobId job = Add(AJob());
  executor_.Complete(job);
  EXPECT_TRUE(Gone(job));
  EXPECT_THAT(executor_.recorded.at(1), IsEmpty());
  EXPECT_EQ(queue_.totals().completed, 1);
}

TEST_F(Outcomes, AreConfirmedOnlyWhenTheyAreOnDisk) {
  queue_.store().HoldAnswers<RecordOutcomes>();
  executor_.Complete(Add(AJob()));
  EXPECT_THAT(executor_.recorded, IsEmpty());
  queue_.store().Release<RecordOutcomes>();
  queue_.Settle();
  EXPECT_THAT(executor_.recorded, SizeIs(1));
}

TEST_F(Outcomes, OfSeveralFramesAreConfirmedEachByItsSequence) {
  executor_.Complete(Add(AJob()));
  executor_.Complete(Add(AJob()));
  EXPECT_TRUE(executor_.recorded.contains(1));
  EXPECT_TRUE(executor_.recorded.contains(2));
}

TEST_F(Outcomes, ThatComeTogetherShareOneTransaction) {
  const std::vector<JobId> jobs = AddMany(3, AJob());
  queue_.store().Forget();
  executor_.Send({executor_.Ended(jobs[0], OutcomeKind::kComplete),
                  executor_.Ended(jobs[1], OutcomeKind::kFail),
                  executor_.Ended(jobs[2], OutcomeKind::kComplete)});
  EXPECT_THAT(queue_.store().Asked<RecordOutcomes>(), SizeIs(1));
}

TEST_F(Outcomes, MakeRoomAsSoonAsTheyAreReported) {
  FakeExecutor& narrow = Connect({"n"}, 1);
  const JobId first = Add(AJob("n"));
  const JobId second = Add(AJob("n"));
  queue_.store().Hold<RecordOutcomes>();
  narrow.Complete(first);
  EXPECT_THAT(narrow.Held(), ElementsAre(second));
  queue_.store().Release<RecordOutcomes>();
}

TEST_F(Outcomes, OfAFailureCountTheAttemptAndBackOff) {
  const JobId job = Add(AJob());
  const absl::Time failed = queue_.now();
  executor_.Fail(job, "boom");
  EXPECT_EQ(Row(job).attempts, 1);
  EXPECT_EQ(Row(job).last_error, "boom");
  EXPECT_NEAR(absl::ToDoubleSeconds(Row(job).run_at - failed), std::exp(1), 1e-6);
  EXPECT_EQ(queue_.totals().failed_attempts, 1);
}

TEST_F(Outcomes, OfFailuresBackOffByPowersOfETenAtMost) {
  const JobId job = Add(AJob().Attempts(12));
  for (int attempt = 1; attempt <= 11; ++attempt) {
    ASSERT_THAT(executor_.Held(), ElementsAre(job)) << attempt;
    EXPECT_EQ(executor_.Lease(job).attempt, attempt);
    const absl::Time failed = queue_.now();
    executor_.Fail(job);
    const absl::Duration wait = Row(job).run_at - failed;
    EXPECT_NEAR(absl::ToDoubleSeconds(wait), std::exp(std::min(10, attempt)), 1e-5);
    Advance(wait - absl::Microseconds(1));
    EXPECT_THAT(executor_.Held(), IsEmpty());
    Advance(absl::Microseconds(1));
  }
}

TEST_F(Outcomes, RetryAFailedJobUntilItsAttemptsRunOut) {
  const JobId job = Add(AJob().Attempts(2));
  executor_.Fail(job);
  Advance(absl::Seconds(3));
  executor_.Fail(job, "again");
  EXPECT_TRUE(Row(job).permanently_failed());
  EXPECT_EQ(Row(job).last_error, "again");
  EXPECT_EQ(queue_.totals().permanently_failed, 1);
  Advance(absl::Hours(24));
  EXPECT_THAT(executor_.Held(), IsEmpty());
}

TEST_F(Outcomes, MayFailAJobForGood) {
  const JobId job = Add(AJob());
  executor_.GiveUp(job);
  EXPECT_TRUE(Row(job).permanently_failed());
  Advance(absl::Hours(24));
  EXPECT_THAT(executor_.Held(), IsEmpty());
}

TEST_F(Outcomes, MaySayWhenToRetry) {
  const JobId job = Add(AJob());
  Outcome outcome = executor_.Ended(job, OutcomeKind::kFail);
  outcome.delay = absl::Seconds(40);
  executor_.Send({outcome});
  EXPECT_EQ(Row(job).run_at, queue_.now() + absl::Seconds(40));
  EXPECT_EQ(Row(job).attempts, 1);
}

TEST_F(Outcomes, MayReplaceThePayload) {
  const JobId job = Add(AJob().Payload("[1,2]"));
  Outcome outcome = executor_.Ended(job, OutcomeKind::kFail);
  outcome.payload = "[2]";
  outcome.delay = absl::ZeroDuration();
  executor_.Send({outcome});
  EXPECT_EQ(executor_.Lease(job).job.payload, "[2]");
}

TEST_F(Outcomes, OfAReleaseGiveTheAttemptBack) {
  const JobId job = Add(AJob());
  const absl::Time run_at = Row(job).run_at;
  Outcome outcome = executor_.Ended(job, OutcomeKind::kRelease);
  outcome.delay = absl::Seconds(30);
  executor_.Send({outcome});
  EXPECT_EQ(Row(job).attempts, 0);
  EXPECT_EQ(Row(job).run_at, run_at + absl::Seconds(30));
  Advance(absl::Seconds(30));
  EXPECT_THAT(executor_.Held(), ElementsAre(job));
}

TEST_F(Outcomes, LeaveAReleasedJobItsPlaceInTheOrder) {
  FakeExecutor& narrow = Connect({"n"}, 1);
  const JobId first = Add(AJob("n"));
  const JobId second = Add(AJob("n"));
  narrow.SetWindow(0);
  narrow.Release({first});
  narrow.SetWindow(1);
  EXPECT_THAT(RunAll(narrow), ElementsAre(first, first, second));
}

TEST_F(Outcomes, RepeatedWithTheSameTokenAreOkAgain) {
  const JobId job = Add(AJob());
  const Outcome outcome = Of(job, OutcomeKind::kComplete);
  const int64_t sequence = executor_.Send({outcome});
  executor_.recorded.clear();
  executor_.Resend(sequence, {outcome});
  EXPECT_THAT(executor_.recorded.at(sequence), IsEmpty());
}

TEST_F(Outcomes, RepeatedWhileTheFirstIsBeingRecordedAreOk) {
  const JobId job = Add(AJob());
  const Outcome outcome = Of(job, OutcomeKind::kComplete);
  queue_.store().HoldAnswers<RecordOutcomes>();
  executor_.Send({outcome});
  const auto call = queue_.Report({outcome});
  queue_.Settle();
  queue_.store().Release<RecordOutcomes>();
  queue_.Settle();
  EXPECT_THAT(**queue_.Reported(call), ElementsAre(OutcomeResult::kRecorded));
  EXPECT_EQ(tables_.completed.at(job), 1);
}

TEST_F(Outcomes, OfAnotherKindForTheSameTokenAreLost) {
  const JobId job = Add(AJob());
  Outcome outcome = Of(job, OutcomeKind::kComplete);
  executor_.Send({outcome});
  outcome.kind = OutcomeKind::kFail;
  const int64_t sequence = executor_.Send({outcome});
  ASSERT_THAT(executor_.recorded.at(sequence), SizeIs(1));
  EXPECT_EQ(executor_.recorded.at(sequence)[0].reason, OutcomeProblem::Reason::kLeaseLost);
  EXPECT_EQ(executor_.recorded.at(sequence)[0].token, outcome.token.Encode());
}

TEST_F(Outcomes, WithAForgedTokenAreLost) {
  const JobId job = Add(AJob());
  Outcome outcome = Of(job, OutcomeKind::kComplete);
  outcome.token.secret ^= 1;
  const auto call = queue_.Report({outcome});
  queue_.Settle();
  EXPECT_THAT(**queue_.Reported(call), ElementsAre(OutcomeResult::kLeaseLost));
  EXPECT_FALSE(Gone(job));
}

TEST_F(Outcomes, AreToldPerTokenOverTheUnaryCalls) {
  const std::vector<JobId> jobs = AddMany(2, AJob());
  Outcome lost = Of(jobs[1], OutcomeKind::kComplete);
  lost.token.activation = 7;
  const auto call = queue_.Report({Of(jobs[0], OutcomeKind::kComplete), lost});
  queue_.Settle();
  EXPECT_THAT(**queue_.Reported(call),
              ElementsAre(OutcomeResult::kRecorded, OutcomeResult::kLeaseLost));
}

TEST_F(Outcomes, OfNothingAreConfirmedAtOnce) {
  const auto call = queue_.Report({});
  const int64_t sequence = executor_.Send({});
  queue_.Settle();
  EXPECT_THAT(**queue_.Reported(call), IsEmpty());
  EXPECT_THAT(executor_.recorded.at(sequence), IsEmpty());
}

TEST_F(Outcomes, TellWhatWasUnreadableWithTheRest) {
  const JobId job = Add(AJob());
  queue::OutcomesFrame frame{4, {executor_.Ended(job, OutcomeKind::kComplete)}, {}};
  frame.problems.push_back({"nonsense", OutcomeProblem::Reason::kInvalidToken, "unreadable"});
  executor_.SendFrame(frame);
  ASSERT_THAT(executor_.recorded.at(4), SizeIs(1));
  EXPECT_EQ(executor_.recorded.at(4)[0].token, "nonsense");
}

TEST_F(Outcomes, OfLockedRowsAreTriedAgainWhileOthersAreRecorded) {
  const std::vector<JobId> jobs = AddMany(3, AJob());
  tables_.locked = {jobs[1]};
  executor_.CompleteAll();
  EXPECT_TRUE(Gone(jobs[0]));
  EXPECT_TRUE(Gone(jobs[2]));
  EXPECT_TRUE(executor_.recorded.contains(1));
  EXPECT_FALSE(executor_.recorded.contains(2));
  Advance(absl::Milliseconds(50 + 100));
  tables_.locked.clear();
  Advance(absl::Milliseconds(200));
  EXPECT_TRUE(executor_.recorded.contains(2));
  EXPECT_TRUE(Gone(jobs[1]));
}

TEST_F(Outcomes, ThatPostgresRefusesHarmNoNeighbour) {
  const std::vector<JobId> jobs = AddMany(2, AJob());
  Outcome bad = executor_.Ended(jobs[0], OutcomeKind::kFail);
  bad.payload = kRefusedText;
  executor_.Send({bad, executor_.Ended(jobs[1], OutcomeKind::kComplete)});
  Advance(absl::Seconds(1));
  EXPECT_TRUE(Gone(jobs[1]));
  EXPECT_EQ(Row(jobs[0]).attempts, 1);
  EXPECT_EQ(Row(jobs[0]).payload, "{}");
  EXPECT_THAT(executor_.recorded.at(1), IsEmpty());
}

// A window may show the job before the answer to its outcome comes.
TEST_F(Outcomes, DoNotBringAJobBackThatIsBeingLeasedAgain) {
  const JobId job = Add(AJob());
  queue_.store().HoldAnswers<RecordOutcomes>();
  queue_.store().HoldAnswers<LeaseJobs>();
  executor_.Send({executor_.Ended(job, OutcomeKind::kRelease)});
  ExecutorOptions options;
  options.forbidden_flags = {"gpu"};
  FakeExecutor& other = Connect(options);
  queue_.store().Release<RecordOutcomes>();
  queue_.Settle();
  queue_.store().Release<LeaseJobs>();
  queue_.Settle();
  EXPECT_EQ(queue_.totals().leased, 2);
  EXPECT_EQ(executor_.Held().size() + other.Held().size(), 1u);
}

TEST_F(Outcomes, AreRepeatedToTheNextLeader) {
  const std::vector<JobId> jobs = AddMany(2, AJob());
  const Outcome complete = Of(jobs[0], OutcomeKind::kComplete);
  const Outcome fail = Of(jobs[1], OutcomeKind::kFail);
  executor_.Send({complete, fail});
  QueueHarness next(tables_, {}, 2);
  next.Lead();
  Outcome other = complete;
  other.kind = OutcomeKind::kRelease;
  const auto call = next.Report({complete, fail, other});
  next.Settle();
  EXPECT_THAT(**next.Reported(call), ElementsAre(OutcomeResult::kRecorded, OutcomeResult::kRecorded,
                                                 OutcomeResult::kLeaseLost));
}

TEST_F(Outcomes, AreForgottenAfterTenMinutes) {
  const JobId job = Add(AJob());
  const Outcome outcome = Of(job, OutcomeKind::kComplete);
  executor_.Send({outcome});
  executor_.Ended(job, OutcomeKind::kComplete);
  Advance(absl::Minutes(11));
  const auto call = queue_.Report({outcome});
  queue_.Settle();
  EXPECT_THAT(**queue_.Reported(call), ElementsAre(OutcomeResult::kLeaseLost));
}

class UnrecordedOutcomes : public QueueTest {
 protected:
  static queue::QueueOptions Few() {
    queue::QueueOptions options;
    options.most_unrecorded = 100;
    return options;
  }
  UnrecordedOutcomes() : QueueTest(Few()) {}
};

TEST_F(UnrecordedOutcomes, MakeNoMoreRoomWhenTheyPileUp) {
  FakeExecutor& executor = Connect({"t"}, 30);
  const size_t added = AddMany(200, AJob()).size();
  queue_.store().HoldAnswers<RecordOutcomes>();
  size_t ran = 0;
  for (std::vector<JobId> came = executor.Came(); !came.empty(); came = executor.Came()) {
    ran += came.size();
    executor.CompleteAll();
    queue_.Settle();
  }
  EXPECT_GE(ran, 130u);
  EXPECT_LE(ran, 160u) << "window and bound, and what was leased before they were reached";
  queue_.store().Release<RecordOutcomes>();
  queue_.Settle();
  EXPECT_EQ(RunAll(executor).size(), added - ran);
}

}  // namespace
}  // namespace leasehold::fake
