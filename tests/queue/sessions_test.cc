#include "server/base/errors.h"
#include "tests/queue/support/queue_test.h"

// Sessions: opened, resumed, replaced, silent, leaving.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class ASession : public QueueTest {};

TEST_F(ASession, IsOpenedWhenItsRowIsOnDisk) {
  queue_.store().HoldAnswers<OpenSession>();
  FakeExecutor& executor = Connect();
  EXPECT_FALSE(executor.opened().has_value());
  queue_.store().Release<OpenSession>();
  queue_.Settle();
  EXPECT_FALSE(executor.opened()->resumed);
  EXPECT_THAT(executor.opened()->executor_id, StartsWith("executor-"));
  EXPECT_THAT(tables_.executors, SizeIs(1));
}

TEST_F(ASession, IsRefusedWhenItsRowCannotBeWritten) {
  queue_.store().Fail<OpenSession>(absl::UnavailableError("away"));
  FakeExecutor& executor = Connect();
  EXPECT_EQ(executor.end(), DatabaseAway());
  executor.Connect();
  EXPECT_TRUE(executor.opened().has_value());
}

TEST_F(ASession, GetsNothingBeforeItIsOpened) {
  Add(AJob());
  queue_.store().HoldAnswers<OpenSession>();
  FakeExecutor& executor = Connect();
  EXPECT_THAT(executor.Held(), IsEmpty());
  queue_.store().Release<OpenSession>();
  queue_.Settle();
  EXPECT_THAT(executor.Held(), SizeIs(1));
}

TEST_F(ASession, HearsNothingBeforeItIsOpened) {
  queue_.store().HoldAnswers<OpenSession>();
  FakeExecutor& executor = Connect();
  Advance(absl::Seconds(20));
  EXPECT_EQ(executor.heartbeats, 0);
  queue_.store().Release<OpenSession>();
  Advance(absl::Seconds(5));
  EXPECT_GE(executor.heartbeats, 1);
}

TEST_F(ASession, ThatEndsBeforeItIsOpenedLeavesNothing) {
  queue_.store().HoldAnswers<OpenSession>();
  FakeExecutor& executor = Connect();
  executor.Break(/*visibly=*/true);
  queue_.store().Release<OpenSession>();
  queue_.Settle();
  EXPECT_THAT(tables_.executors, IsEmpty());
}

TEST_F(ASession, IsResumedWithTheLeasesItHolds) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  const std::string session = executor.session_id();
  executor.Break(/*visibly=*/true);
  executor.Connect();
  EXPECT_EQ(executor.session_id(), session);
  EXPECT_TRUE(executor.opened()->resumed);
  EXPECT_THAT(executor.opened()->resumed_tokens, SizeIs(1));
  EXPECT_THAT(executor.opened()->lost_tokens, IsEmpty());
  executor.Complete(job);
  EXPECT_TRUE(Gone(job));
}

TEST_F(ASession, LosesAtOnceTheLeasesThatItDoesNotName) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  executor.Break(/*visibly=*/true);
  executor.ConnectNaming({});
  // Taken back without attempt or crash, and leased again.
  EXPECT_THAT(executor.Held(), ElementsAre(job));
  EXPECT_EQ(Row(job).activation, 1);
  EXPECT_EQ(Row(job).attempts, 0);
  EXPECT_EQ(Row(job).crashes, 0);
}

TEST_F(ASession, IsToldWhichOfItsTokensAreLost) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  LeaseToken forged = executor.Lease(job).token;
  forged.secret ^= 1;
  executor.Break(/*visibly=*/true);
  executor.ConnectNaming({executor.Lease(job).token, forged});
  EXPECT_THAT(executor.opened()->lost_tokens, ElementsAre(forged.Encode()));
  EXPECT_THAT(executor.opened()->resumed_tokens, SizeIs(1));
}

TEST_F(ASession, MayNameTokensWhoseOutcomeWasRecordedUnheard) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  const Outcome outcome = executor.Ended(job, OutcomeKind::kComplete);
  executor.Send({outcome});
  executor.Break(/*visibly=*/true);
  executor.ConnectNaming({outcome.token});
  EXPECT_THAT(executor.opened()->resumed_tokens, ElementsAre(outcome.token.Encode()));
  executor.recorded.clear();
  executor.Resend(1, {outcome});
  EXPECT_THAT(executor.recorded.at(1), IsEmpty());
}

// Its executor read it after all, but too late: it is being taken back.
TEST_F(ASession, IsToldOfALeaseThatIsBeingTakenBack) {
  FakeExecutor& executor = Connect();
  executor.acknowledges = false;
  const JobId job = Add(AJob());
  const LeaseToken token = executor.Lease(job).token;
  queue_.store().Hold<RecordOutcomes>();
  Advance(absl::Seconds(18));
  executor.Break(/*visibly=*/true);
  executor.ConnectNaming({token});
  EXPECT_THAT(executor.opened()->lost_tokens, ElementsAre(token.Encode()));
  queue_.store().Release<RecordOutcomes>();
}

TEST_F(ASession, EndsItsOldStreamWhenItIsResumedOnAnother) {
  FakeExecutor& executor = Connect();
  Add(AJob());
  FakeExecutor twin = executor;
  queue_.Apply(queue::TimePassed{});
  twin.Connect();
  EXPECT_TRUE(absl::IsAborted(executor.end()));
  EXPECT_THAT(twin.Held(), SizeIs(1));
  Add(AJob());
  EXPECT_THAT(twin.Held(), SizeIs(2));
}

TEST_F(ASession, IsANewOneIfTheServerDoesNotKnowIt) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  const LeaseToken token = executor.Lease(job).token;
  executor.Break(/*visibly=*/true);
  Advance(absl::Seconds(12));
  executor.ConnectNaming({token});
  EXPECT_FALSE(executor.opened()->resumed);
  EXPECT_THAT(executor.opened()->lost_tokens, ElementsAre(token.Encode()));
}

TEST_F(ASession, IsNotLostBeforeTheResumeTimeoutWhenItsConnectionVisiblyEnded) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  executor.Break(/*visibly=*/true);
  Advance(absl::Seconds(9.9));
  EXPECT_EQ(Row(job).activation, 0);
  Advance(absl::Seconds(1.1));
  EXPECT_EQ(Row(job).activation, 1);
}

TEST_F(ASession, IsNotLostBeforeTheSessionTimeoutWhenItsStreamJustFellSilent) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  executor.Break(/*visibly=*/false);
  Advance(absl::Seconds(29.9));
  EXPECT_EQ(Row(job).activation, 0);
  Advance(absl::Seconds(1.1));
  EXPECT_EQ(Row(job).activation, 1);
}

TEST_F(ASession, IsLostWhenItsStreamStandsButItIsSilent) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  Advance(absl::Seconds(1));
  executor.beats = false;
  Advance(absl::Seconds(31));
  EXPECT_EQ(Row(job).activation, 1);
  EXPECT_TRUE(absl::IsAborted(executor.end()));
  EXPECT_THAT(tables_.executors, IsEmpty());
}

TEST_F(ASession, LivesAsLongAsItIsHeard) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  Advance(absl::Hours(1));
  EXPECT_THAT(executor.Held(), ElementsAre(job));
  EXPECT_TRUE(executor.connected());
}

TEST_F(ASession, HearsTheServerInEachHeartbeatInterval) {
  FakeExecutor& executor = Connect();
  for (int i = 1; i <= 10; ++i) {
    Advance(absl::Seconds(5));
    EXPECT_GE(executor.heartbeats, i);
  }
  EXPECT_LE(executor.heartbeats, 20);
}

TEST_F(ASession, ThatDrainedEndsWithItsStream) {
  FakeExecutor& executor = Connect();
  executor.Drain();
  executor.Break(/*visibly=*/true);
  EXPECT_THAT(tables_.executors, IsEmpty());
}

TEST_F(ASession, ThatDrainedEndsWhenWhatItGaveBackIsRecorded) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  executor.Drain();
  queue_.store().HoldAnswers<RecordOutcomes>();
  executor.Release({job});
  executor.Break(/*visibly=*/true);
  queue_.store().Release<RecordOutcomes>();
  Advance(absl::Seconds(2));
  EXPECT_THAT(tables_.executors, IsEmpty());
}

TEST_F(ASession, ThatDrainsGetsNothingMoreAndMayFinish) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  executor.Drain();
  Add(AJob());
  EXPECT_THAT(executor.Held(), ElementsAre(job));
  executor.Complete(job);
  EXPECT_TRUE(Gone(job));
}

TEST_F(ASession, ThatBreaksWhileItDrainsMayResume) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  executor.Drain();
  executor.Break(/*visibly=*/true);
  executor.Connect();
  executor.Complete(job);
  EXPECT_TRUE(Gone(job));
}

TEST_F(ASession, IsLeftToTheNextLeaderByAServerThatDrains) {
  FakeExecutor& executor = Connect();
  Add(AJob());
  queue_.BeginDrain();
  executor.Break(/*visibly=*/true);
  Advance(absl::Minutes(1));
  EXPECT_THAT(tables_.executors, SizeIs(1));
  EXPECT_EQ(queue_.totals().swept, 0);
}

TEST_F(ASession, IsForgottenByTheDatabaseEvenIfThatFailsAtFirst) {
  FakeExecutor& executor = Connect();
  queue_.store().Fail<EndSessions>(absl::InternalError("no"), 2);
  executor.Drain();
  executor.Break(/*visibly=*/true);
  Advance(absl::Seconds(5));
  EXPECT_THAT(tables_.executors, IsEmpty());
}

TEST_F(ASession, OfAHigherEpochIsRefused) {
  FakeExecutor executor(queue_, {});
  queue::OpenFrame open;
  open.tasks = {"t"};
  open.epoch = 99;
  queue_.OpenStream(executor, open);
  queue_.Settle();
  EXPECT_EQ(executor.end(), NoLeader());
}

}  // namespace
}  // namespace leasehold::fake
