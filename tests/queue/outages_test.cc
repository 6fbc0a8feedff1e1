#include "server/base/errors.h"
#include "tests/queue/support/queue_test.h"

// The database goes away and comes back under a leader.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AnOutage : public QueueTest {};

TEST_F(AnOutage, EndsWithAHigherEpochInTokensAndFrames) {
  FakeExecutor& executor = Connect();
  const JobId before = Add(AJob());
  const uint64_t epoch = executor.Lease(before).token.fencing_number >> 32;
  queue_.StoreAway();
  queue_.StoreBack();
  const JobId after = Add(AJob());
  EXPECT_EQ(executor.Lease(after).token.fencing_number >> 32, epoch + 1);
}

TEST_F(AnOutage, LosesNoLease) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  queue_.StoreAway();
  Advance(absl::Minutes(2));
  queue_.StoreBack();
  EXPECT_THAT(executor.Held(), ElementsAre(job));
  executor.Complete(job);
  EXPECT_TRUE(Gone(job));
}

TEST_F(AnOutage, ReadsTheWindowsAnew) {
  FakeExecutor& executor = Connect({"t"}, 1);
  Add(AJob());
  queue_.StoreAway();
  AddBySql(tables_, AJob(), queue_.now());
  queue_.StoreBack();
  executor.Came();
  executor.CompleteAll();
  EXPECT_THAT(executor.Came(), SizeIs(1));
}

TEST_F(AnOutage, WritesLostLeaseRowsBeforeItLeasesAgain) {
  AddMany(3, AJob());
  FakeExecutor& executor = Connect({"t"}, 2);
  EXPECT_THAT(executor.Held(), SizeIs(2));
  queue_.StoreAway();
  tables_.LoseAsynchronousCommits();
  EXPECT_THAT(tables_.leases, IsEmpty());
  queue_.store().Forget();
  queue_.store().HoldAnswers<WriteMissingLeases>();
  queue_.StoreBack();
  executor.Complete(1);
  EXPECT_THAT(queue_.store().Asked<LeaseJobs>(), IsEmpty());
  EXPECT_THAT(tables_.leases, SizeIs(1));
  queue_.store().Release<WriteMissingLeases>();
  queue_.Settle();
  EXPECT_THAT(executor.Held(), ElementsAre(2, 3));
}

TEST_F(AnOutage, DoesNotStopLeasingForGoodWhenLeaseRowsCannotBeWrittenAtFirst) {
  FakeExecutor& executor = Connect({"t"}, 1);
  AddMany(2, AJob());
  queue_.StoreAway();
  queue_.store().Fail<WriteMissingLeases>(absl::InternalError("no"), 2);
  queue_.StoreBack();
  Advance(absl::Seconds(5));
  executor.Complete(1);
  EXPECT_THAT(executor.Held(), ElementsAre(2));
}

TEST_F(AnOutage, RecordsOutcomesReportedMeanwhileWhenItIsOver) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  queue_.StoreAway();
  executor.Complete(job);
  Advance(absl::Seconds(20));
  EXPECT_THAT(executor.recorded, IsEmpty());
  queue_.StoreBack();
  Advance(absl::Seconds(1));
  EXPECT_TRUE(Gone(job));
  EXPECT_THAT(executor.recorded.at(1), IsEmpty());
}

TEST_F(AnOutage, RecordsNothingTwiceThatWasInDoubt) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  queue_.store().HoldAnswers<RecordOutcomes>();
  executor.Complete(job);
  queue_.StoreAway();
  queue_.store().Release<RecordOutcomes>();
  queue_.StoreBack();
  EXPECT_EQ(tables_.completed.at(job), 1);
  EXPECT_THAT(executor.recorded.at(1), IsEmpty());
}

TEST_F(AnOutage, ForgivesTheSilenceOfItsTime) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  Advance(absl::Seconds(20));
  executor.beats = false;
  queue_.StoreAway();
  Advance(absl::Minutes(5));
  queue_.StoreBack();
  Advance(absl::Seconds(20));
  EXPECT_EQ(Row(job).activation, 0);
  Advance(absl::Seconds(15));
  EXPECT_EQ(Row(job).activation, 1);
}

TEST_F(AnOutage, LetsBrokenSessionsResumeMeanwhile) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  queue_.StoreAway();
  executor.Break(/*visibly=*/true);
  executor.Connect();
  EXPECT_TRUE(executor.opened()->resumed);
  EXPECT_THAT(executor.Held(), ElementsAre(job));
}

TEST_F(AnOutage, TriesLeasesThatFailedAgain) {
  FakeExecutor& executor = Connect();
  queue_.store().Fail<LeaseJobs>(absl::UnavailableError("away"));
  const JobId job = Add(AJob().Queue("q"));
  EXPECT_THAT(executor.Held(), IsEmpty());
  Advance(absl::Milliseconds(50));
  EXPECT_THAT(executor.Held(), ElementsAre(job));
}

TEST_F(AnOutage, IsNoReasonToSpin) {
  FakeExecutor& executor = Connect();
  AddMany(3, AJob());
  AddMany(3, AJob().Queue("q"));
  queue_.Add(AJob().Key("k"));
  queue_.Settle();
  tables_.locked = {7};
  queue_.Add(AJob().Key("k"));
  queue_.Settle();
  queue_.StoreAway();
  queue_.store().Forget();
  queue_.Apply(queue::InboxFilled{});
  queue_.Apply(queue::AddJobsCalled{});
  executor.CompleteAll();
  Advance(absl::Seconds(30));
  EXPECT_LT(queue_.store().asked().size(), 30u);
}

TEST_F(AnOutage, IsNoReasonToSpinWhileTheInboxIsBeingRead) {
  queue_.store().Hold<ReadInbox>();
  queue_.InboxFilled();
  queue_.InboxFilled();
  Advance(absl::Seconds(1));
}

TEST_F(AnOutage, BeforeTheLeaderHasLoadedMakesItLoadAgain) {
  const JobId job = Add(AJob());
  queue_.Depose();
  queue_.store().Hold<LoadLeadership>();
  queue_.Lead();
  queue_.StoreAway();
  queue_.store().Release<LoadLeadership>();
  queue_.StoreBack();
  EXPECT_TRUE(queue_.dispatcher().leads());
  EXPECT_THAT(Connect().Held(), ElementsAre(job));
}

}  // namespace
}  // namespace leasehold::fake
