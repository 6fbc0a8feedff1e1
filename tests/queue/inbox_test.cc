#include "tests/queue/support/queue_test.h"

// What others change by SQL, and the rows of `leases`.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TheInbox : public QueueTest {};

TEST_F(TheInbox, BringsJobsThatSqlCallersAdd) {
  FakeExecutor& executor = Connect();
  const JobId job = AddBySqlAndTell(AJob());
  EXPECT_THAT(executor.Came(), ElementsAre(job));
  EXPECT_THAT(tables_.inbox, IsEmpty());
}

TEST_F(TheInbox, IsEmptiedOnlyAfterItWasApplied) {
  AddBySql(tables_, AJob(), queue_.now());
  queue_.store().HoldAnswers<ReadInbox>();
  queue_.InboxFilled();
  EXPECT_THAT(tables_.inbox, SizeIs(1));
  const JobId later = AddBySql(tables_, AJob(), queue_.now());
  queue_.store().Release<ReadInbox>();
  queue_.Settle();
  // Exactly what was read is gone.
  EXPECT_THAT(tables_.inbox, SizeIs(1));
  EXPECT_EQ(tables_.inbox.begin()->second, later);
}

TEST_F(TheInbox, IsReadOnWhenMoreCame) {
  FakeExecutor& executor = Connect({"t"}, 10'000);
  for (int i = 0; i < 5000; ++i) AddBySql(tables_, AJob(), queue_.now());
  queue_.InboxFilled();
  EXPECT_EQ(executor.Held().size(), 5000u);
  EXPECT_THAT(tables_.inbox, IsEmpty());
}

TEST_F(TheInbox, IsReadAgainAfterAFailure) {
  FakeExecutor& executor = Connect();
  queue_.store().Fail<ReadInbox>(absl::InternalError("no"));
  const JobId job = AddBySqlAndTell(AJob());
  EXPECT_THAT(executor.Came(), IsEmpty());
  Advance(absl::Milliseconds(200));
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(TheInbox, IsReadByANewLeader) {
  queue_.Depose();
  FakeExecutor& executor = Connect();
  const JobId job = AddBySql(tables_, AJob(), queue_.now());
  queue_.Lead();
  executor.Connect();
  EXPECT_THAT(executor.Held(), ElementsAre(job));
  EXPECT_THAT(tables_.inbox, IsEmpty());
}

TEST_F(TheInbox, RanksAChangedJobAnew) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().In(absl::Hours(1)));
  RescheduleBySql(tables_, job, queue_.now());
  queue_.InboxFilled();
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(TheInbox, ForgetsARemovedJob) {
  FakeExecutor& executor = Connect({"t"}, 0);
  const JobId job = Add(AJob());
  CompleteBySql(tables_, job);
  queue_.InboxFilled();
  queue_.store().Forget();
  executor.SetWindow(1);
  EXPECT_THAT(queue_.store().Asked<LeaseJobs>(), IsEmpty());
}

TEST_F(TheInbox, IsNotNeededToRefuseAJobThatHasChanged) {
  FakeExecutor& executor = Connect({"t"}, 0);
  const JobId moved = Add(AJob());
  const JobId gone = Add(AJob());
  RescheduleBySql(tables_, moved, queue_.now() + absl::Minutes(1));
  CompleteBySql(tables_, gone);
  executor.SetWindow(10);
  EXPECT_THAT(executor.Came(), IsEmpty());
  Advance(absl::Minutes(1));
  EXPECT_THAT(executor.Came(), ElementsAre(moved));
}

TEST_F(TheInbox, TellsTheExecutorOfAnOvertakenLeaseThatHoldsItsQueue) {
  FakeExecutor& executor = Connect();
  const std::vector<JobId> jobs = AddMany(2, AJob().Queue("q"));
  const LeaseToken token = executor.Lease(jobs[0]).token;
  UnlockBySql(tables_, jobs[0]);
  queue_.InboxFilled();
  EXPECT_THAT(executor.cancelled, ElementsAre(token));
  EXPECT_THAT(executor.Held(), ElementsAre(jobs[0]));
  executor.Complete(jobs[0]);
  ASSERT_THAT(executor.recorded.at(1), SizeIs(1));
  EXPECT_EQ(executor.recorded.at(1)[0].reason, queue::OutcomeProblem::Reason::kLeaseLost);
  EXPECT_THAT(executor.Held(), ElementsAre(jobs[0]));
  EXPECT_EQ(executor.Lease(jobs[0]).token.activation, 1);
}

TEST_F(TheInbox, HoldsTheQueueOfAnOvertakenLeaseOverAResume) {
  FakeExecutor& executor = Connect();
  const std::vector<JobId> jobs = AddMany(2, AJob().Queue("q"));
  UnlockBySql(tables_, jobs[0]);
  queue_.InboxFilled();
  const LeaseToken token = executor.Lease(jobs[0]).token;
  executor.cancelled.clear();
  executor.Break(/*visibly=*/true);
  executor.Connect();
  EXPECT_THAT(executor.cancelled, ElementsAre(token));
  executor.Came();
  executor.Complete(jobs[0]);
  EXPECT_THAT(executor.Came(), ElementsAre(jobs[0]));
}

TEST_F(TheInbox, FreesTheQueueOfAnOvertakenLeaseWhenItsExecutorIsLost) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().Queue("q"));
  UnlockBySql(tables_, job);
  queue_.InboxFilled();
  executor.Break(/*visibly=*/true);
  Advance(absl::Seconds(12));
  EXPECT_EQ(Row(job).activation, 1);
  EXPECT_THAT(Connect().Held(), ElementsAre(job));
}

TEST_F(TheInbox, CancelsTheRunOfADeletedJob) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  CompleteBySql(tables_, job);
  queue_.InboxFilled();
  EXPECT_THAT(executor.cancelled, SizeIs(1));
  executor.Complete(job);
  EXPECT_THAT(executor.recorded.at(1), SizeIs(1));
}

TEST_F(TheInbox, RunsAJobAgainThatWasReplacedInPlaceUnderItsLease) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().Key("k"));
  const LeaseToken old = executor.Lease(job).token;
  ReplaceInPlaceBySql(tables_, job, AJob().Payload("2"), queue_.now());
  queue_.InboxFilled();
  EXPECT_EQ(executor.Lease(job).job.payload, "2");
  const auto call = queue_.Report({{old, OutcomeKind::kComplete, "", false, {}, {}}});
  queue_.Settle();
  EXPECT_THAT(**queue_.Reported(call), ElementsAre(OutcomeResult::kLeaseLost));
  EXPECT_FALSE(Gone(job));
}

// The job is changed between the commit of its lease and the answer to it.
TEST_F(TheInbox, MissesNoChangeOfAJobWhoseLeaseIsUnderWay) {
  FakeExecutor& executor = Connect();
  queue_.store().HoldAnswers<LeaseJobs>();
  const JobId job = Add(AJob().Queue("q"));
  UnlockBySql(tables_, job);
  queue_.InboxFilled();
  queue_.store().Release<LeaseJobs>();
  queue_.Settle();
  EXPECT_THAT(executor.cancelled, SizeIs(1));
  executor.Complete(job);
  EXPECT_EQ(executor.Lease(job).token.activation, 1);
}

TEST_F(TheInbox, MissesNoChangeOfAJobThatIsBeingBornLeased) {
  FakeExecutor& executor = Connect();
  queue_.store().HoldAnswers<AddJobs>();
  queue_.Add(AJob());
  queue_.Settle();
  UnlockBySql(tables_, 1);
  queue_.InboxFilled();
  queue_.store().Release<AddJobs>();
  queue_.Settle();
  EXPECT_THAT(executor.cancelled, SizeIs(1));
  EXPECT_EQ(executor.Lease(1).token.activation, 1);
}

TEST_F(TheInbox, MissesNoChangeOfAJobThatIsBeingAdded) {
  FakeExecutor& executor = Connect();
  queue_.store().HoldAnswers<AddJobs>();
  queue_.Add(AJob().In(absl::Hours(1)));
  queue_.Settle();
  RescheduleBySql(tables_, 1, queue_.now());
  queue_.InboxFilled();
  queue_.store().Release<AddJobs>();
  queue_.Settle();
  EXPECT_THAT(executor.Came(), ElementsAre(1));
}

TEST_F(TheInbox, DoesNotRankAJobAgainWhoseLeaseIsUnderWayWhenAnOlderOneEnds) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  queue_.store().Hold<RecordOutcomes>();
  queue_.store().HoldAnswers<LeaseJobs>();
  UnlockBySql(tables_, job);
  executor.Complete(job);
  queue_.InboxFilled();
  queue_.store().Release<RecordOutcomes>();
  tables_.inbox[tables_.next_inbox++] = job;  // an order, or a duplicate: it means nothing
  queue_.InboxFilled();
  queue_.store().Release<LeaseJobs>();
  queue_.Settle();
  EXPECT_EQ(queue_.totals().leased, 2);
}

// What was read of the job is older than what the inbox told.
TEST_F(TheInbox, MissesNoChangeOfAJobThatIsBeingLookedAt) {
  FakeExecutor& executor = Connect({"t"}, 0);
  const JobId job = Add(AJob());
  FailBySql(tables_, job);
  queue_.store().HoldAnswers<ReadJobs>();
  executor.SetWindow(1);
  ReviveBySql(tables_, job, queue_.now());
  queue_.InboxFilled();
  queue_.store().Release<ReadJobs>();
  queue_.Settle();
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(TheInbox, DoesNotOverruleWhatTheLeaderDidLater) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().Key("k").In(absl::Hours(1)));
  FailBySql(tables_, job);
  queue_.store().HoldAnswers<ReadInbox>();
  queue_.InboxFilled();
  Add(AJob().Key("k").In(absl::Seconds(1)));
  queue_.store().Release<ReadInbox>();
  queue_.Settle();
  Advance(absl::Seconds(1));
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

class LeaseRows : public QueueTest {};

TEST_F(LeaseRows, AreOnePerBatch) {
  AddMany(5, AJob());
  Connect();
  EXPECT_THAT(tables_.leases, SizeIs(1));
}

TEST_F(LeaseRows, GoWithTheirLastLiveLeaseInItsTransaction) {
  AddMany(3, AJob());
  FakeExecutor& executor = Connect();
  executor.Complete(1);
  executor.Fail(2);
  EXPECT_THAT(tables_.leases, SizeIs(1));
  executor.Complete(3);
  EXPECT_THAT(tables_.leases, IsEmpty());
}

TEST_F(LeaseRows, StayWhileTheRowOfALeasedJobIsLocked) {
  AddMany(2, AJob());
  FakeExecutor& executor = Connect();
  tables_.locked = {1};
  executor.CompleteAll();
  EXPECT_THAT(tables_.leases, SizeIs(1));
  tables_.locked.clear();
  Advance(absl::Seconds(2));
  EXPECT_THAT(tables_.leases, IsEmpty());
}

TEST_F(LeaseRows, OfJobsThatMovedOnAreDeletedToo) {
  FakeExecutor& executor = Connect({"t"}, 1);
  const JobId job = Add(AJob());
  CompleteBySql(tables_, job);
  queue_.InboxFilled();
  executor.Complete(job);
  Advance(absl::Seconds(2));
  EXPECT_THAT(tables_.leases, IsEmpty());
}

TEST_F(LeaseRows, WithoutALiveLeaseAreDeletedAfterATakeover) {
  Connect();
  const JobId job = Add(AJob());
  ++tables_.jobs.at(job).activation;
  queue_.store().Drop();
  queue_.Lead();
  queue_.Advance(absl::Seconds(2));
  EXPECT_THAT(tables_.leases, IsEmpty());
}

TEST_F(LeaseRows, ThatAreSparseBecomeOne) {
  for (int batch = 0; batch < 5; ++batch) AddMany(10, AJob("a" + std::to_string(batch)));
  std::vector<FakeExecutor*> executors;
  for (int batch = 0; batch < 5; ++batch) {
    executors.push_back(&Connect({"a" + std::to_string(batch)}, 10));
  }
  EXPECT_THAT(tables_.leases, SizeIs(5));
  for (FakeExecutor* executor : executors) {
    while (executor->Held().size() > 1) executor->Complete(executor->Held().front());
  }
  Advance(absl::Seconds(13));
  EXPECT_THAT(tables_.leases, SizeIs(1));
  EXPECT_THAT(tables_.leases.begin()->second.row.leases, SizeIs(5));
  for (FakeExecutor* executor : executors) executor->CompleteAll();
  Advance(absl::Seconds(2));
  EXPECT_THAT(tables_.leases, IsEmpty());
}

TEST_F(LeaseRows, AreDurableForSerialQueuesOnly) {
  Add(AJob().Queue("q"));
  FakeExecutor& executor = Connect();
  EXPECT_THAT(executor.Held(), SizeIs(1));
  EXPECT_TRUE(tables_.leases.begin()->second.durable);
}

}  // namespace
}  // namespace leasehold::fake
