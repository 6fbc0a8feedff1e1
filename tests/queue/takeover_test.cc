#include "server/base/errors.h"
#include "tests/queue/support/queue_test.h"

// Another server takes over with what the database holds; and a leader that leaves.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ATakeover : public QueueTest {
 protected:
  // The first leader is gone without a word; the next one leads.
  void TakeOver(bool adopts = true) {
    next_.SetNow(queue_.now());
    queue_.store().Drop();
    next_.Lead(adopts);
  }
  QueueHarness next_{tables_, {}, 2};
};

TEST_F(ATakeover, FencesTheOldLeader) {
  TakeOver();
  const auto call = queue_.Add(AJob());
  queue_.Settle();
  EXPECT_EQ(AddStatus(call), NoLeader());
  EXPECT_THAT(tables_.jobs, IsEmpty());
}

// A deposed leader that does not know it yet knows nothing of the next one's leases.
TEST_F(ATakeover, DoesNotLetTheOldLeaderSayThatItsLeasesAreLost) {
  TakeOver();
  FakeExecutor& executor = executors_.emplace_back(next_, ExecutorOptions{});
  executor.Connect(next_);
  next_.Add(AJob());
  next_.Settle();
  const JobId job = executor.Held().at(0);
  const Outcome outcome = executor.Ended(job, OutcomeKind::kComplete);
  const auto call = queue_.Report({outcome});
  queue_.Settle();
  EXPECT_EQ(queue_.Reported(call)->status(), NoLeader());
  const auto again = next_.Report({outcome});
  next_.Settle();
  EXPECT_THAT(**next_.Reported(again), ElementsAre(OutcomeResult::kRecorded));
}

TEST_F(ATakeover, KeepsTheLeasesOfSessionsThatResume) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  TakeOver();
  executor.Connect(next_);
  EXPECT_TRUE(executor.opened()->resumed);
  EXPECT_THAT(executor.Held(), ElementsAre(job));
  executor.Complete(job);
  EXPECT_EQ(tables_.completed.at(job), 1);
}

TEST_F(ATakeover, TakesBackAtOnceWhatAResumingSessionDoesNotName) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  TakeOver();
  executor.Connect(next_);
  EXPECT_EQ(Row(job).activation, 0);
  executor.Break(/*visibly=*/true);
  TakeOver();
  executor.ConnectNaming({});
  EXPECT_EQ(Row(job).activation, 1);
  EXPECT_EQ(Row(job).attempts, 0);
}

TEST_F(ATakeover, SweepsASessionThatDoesNotComeBack) {
  Connect();
  const JobId job = Add(AJob());
  TakeOver();
  next_.Advance(absl::Seconds(29));
  EXPECT_EQ(Row(job).activation, 0);
  next_.Advance(absl::Seconds(3));
  EXPECT_EQ(Row(job).activation, 1);
  EXPECT_THAT(tables_.executors, IsEmpty());
}

TEST_F(ATakeover, LeasesNothingNewUntilAllSessionsHaveResumed) {
  FakeExecutor& one = Connect({"t"}, 1);
  FakeExecutor& other = Connect({"t"}, 1);
  AddMany(3, AJob());
  TakeOver();
  one.Connect(next_);
  one.CompleteAll();
  EXPECT_THAT(one.Held(), IsEmpty());
  other.Connect(next_);
  EXPECT_THAT(one.Held(), ElementsAre(3));
}

TEST_F(ATakeover, WaitsForSessionsTheReceiptTimeoutAtMost) {
  FakeExecutor& one = Connect({"t"}, 1);
  Connect({"t"}, 1);
  AddMany(3, AJob());
  TakeOver();
  one.Connect(next_);
  one.CompleteAll();
  next_.Advance(absl::Seconds(10) - absl::Milliseconds(1));
  EXPECT_THAT(one.Held(), IsEmpty());
  next_.Advance(absl::Milliseconds(1));
  EXPECT_THAT(one.Held(), ElementsAre(3));
}

TEST_F(ATakeover, LeasesAtOnceWhenNoSessionIsLeft) {
  FakeExecutor& executor = Connect();
  executor.Drain();
  executor.Break(/*visibly=*/true);
  const JobId job = Add(AJob());
  TakeOver();
  FakeExecutor fresh(next_, {});
  fresh.Connect();
  EXPECT_THAT(fresh.Held(), ElementsAre(job));
}

TEST_F(ATakeover, KeepsSerialQueuesHeldByLoadedLeases) {
  FakeExecutor& executor = Connect();
  const std::vector<JobId> jobs = AddMany(2, AJob().Queue("q"));
  TakeOver();
  executor.Connect(next_);
  EXPECT_THAT(executor.Held(), ElementsAre(jobs[0]));
  executor.Complete(jobs[0]);
  EXPECT_THAT(executor.Held(), ElementsAre(jobs[1]));
}

TEST_F(ATakeover, SweepsLeasesOfSessionsThatHaveNoRow) {
  Connect();
  const JobId job = Add(AJob());
  tables_.executors.clear();
  TakeOver();
  EXPECT_EQ(Row(job).activation, 1);
}

TEST_F(ATakeover, AdoptsALeaseWhoseRowWasLost) {
  const JobId job = Add(AJob());
  FakeExecutor& executor = Connect({"t"}, 1);
  tables_.LoseAsynchronousCommits();
  TakeOver();
  executor.Connect(next_);
  EXPECT_THAT(executor.Held(), ElementsAre(job));
  EXPECT_THAT(tables_.leases, SizeIs(1));
  executor.Complete(job);
  EXPECT_EQ(tables_.completed.at(job), 1);
  EXPECT_THAT(tables_.leases, IsEmpty());
}

TEST_F(ATakeover, SendsASessionNothingBeforeItIsResumed) {
  Add(AJob());
  FakeExecutor& executor = Connect({"t"}, 1);
  tables_.LoseAsynchronousCommits();
  TakeOver();
  next_.store().HoldAnswers<ReadJobs>();
  const int heartbeats = executor.heartbeats;
  executor.Connect(next_);
  next_.Advance(absl::Seconds(5));
  EXPECT_EQ(executor.heartbeats, heartbeats);
  next_.store().Release<ReadJobs>();
  next_.Advance(absl::Seconds(5));
  EXPECT_GT(executor.heartbeats, heartbeats);
}

TEST_F(ATakeover, CallsNoLeaseLostWhoseSessionMayStillNameIt) {
  const JobId job = Add(AJob());
  FakeExecutor& executor = Connect({"t"}, 1);
  Outcome outcome;
  outcome.token = executor.Lease(job).token;
  tables_.LoseAsynchronousCommits();
  TakeOver();
  const auto early = next_.Report({outcome});
  next_.Settle();
  EXPECT_EQ(next_.Reported(early)->status().code(), absl::StatusCode::kUnavailable);
  executor.Connect(next_);
  const auto again = next_.Report({outcome});
  next_.Settle();
  EXPECT_THAT(**next_.Reported(again), ElementsAre(OutcomeResult::kRecorded));
  EXPECT_EQ(tables_.completed.at(job), 1);
}

TEST_F(ATakeover, AdoptsNothingAfterAFailoverThatMayHaveLostWhatEndedIt) {
  const JobId job = Add(AJob());
  FakeExecutor& executor = Connect({"t"}, 1);
  ASSERT_THAT(executor.Held(), ElementsAre(job));
  tables_.LoseAsynchronousCommits();
  TakeOver(/*adopts=*/false);
  executor.Connect(next_);
  EXPECT_THAT(executor.opened()->resumed_tokens, IsEmpty());
  ASSERT_EQ(executor.opened()->lost_tokens.size(), 1);
}

TEST_F(ATakeover, AdoptsNoLeaseOfAJobThatMovedOn) {
  const JobId job = Add(AJob());
  FakeExecutor& executor = Connect({"t"}, 1);
  const LeaseToken token = executor.Lease(job).token;
  tables_.LoseAsynchronousCommits();
  ++tables_.jobs.at(job).activation;
  TakeOver();
  executor.Connect(next_);
  EXPECT_THAT(executor.opened()->lost_tokens, ElementsAre(token.Encode()));
}

TEST_F(ATakeover, AdoptsNoForgedTokenOfItsOwnEpoch) {
  const JobId job = Add(AJob());
  FakeExecutor& executor = Connect({"t"}, 0);
  TakeOver();
  const LeaseToken forged{9ull << 32, job, 0, 1};
  executor.Connect(next_);
  executor.Break(/*visibly=*/true);
  executor.ConnectNaming({forged});
  EXPECT_THAT(executor.opened()->lost_tokens, ElementsAre(forged.Encode()));
}

TEST_F(ATakeover, DoesNotStopLeasingWhenAdoptedLeasesCannotBeWrittenAtFirst) {
  AddMany(2, AJob());
  FakeExecutor& executor = Connect({"t"}, 1);
  tables_.LoseAsynchronousCommits();
  next_.store().Fail<WriteMissingLeases>(absl::InternalError("no"), 2);
  TakeOver();
  executor.Connect(next_);
  executor.Complete(1);
  next_.Advance(absl::Seconds(5));
  EXPECT_THAT(executor.Held(), ElementsAre(2));
}

TEST_F(ATakeover, HoldsCallsAndStreamsUntilItHasLoaded) {
  next_.store().Hold<LoadLeadership>();
  TakeOver();
  FakeExecutor executor(next_, {});
  executor.Connect();
  const auto call = next_.Add(AJob());
  next_.Settle();
  EXPECT_FALSE(executor.opened().has_value());
  EXPECT_EQ(next_.Added(call), nullptr);
  next_.store().Release<LoadLeadership>();
  next_.Settle();
  EXPECT_THAT(executor.Held(), SizeIs(1));
}

TEST_F(ATakeover, LoadsAgainWhenLoadingFailed) {
  next_.store().Fail<LoadLeadership>(absl::InternalError("out of memory"), 2);
  TakeOver();
  next_.Advance(absl::Seconds(5));
  EXPECT_TRUE(next_.dispatcher().leads());
  ASSERT_EQ(next_.notices.size(), 1) << "once, and no more of the same";
  EXPECT_EQ(next_.notices[0].kind, queue::CronNotice::Kind::kNotLoaded);
  EXPECT_EQ(next_.notices[0].problem, "out of memory");
}

class ADeposedLeader : public QueueTest {};

TEST_F(ADeposedLeader, AnswersEverybodyThatItDoesNotLead) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  const Outcome outcome{executor.Lease(job).token, OutcomeKind::kComplete, "", false, {}, {}};
  queue_.store().Hold<AddJobs>();
  queue_.store().Hold<AddKeyedJobs>();
  queue_.store().Hold<RecordOutcomes>();
  std::vector<queue::CallId> adds;
  for (int i = 0; i < 5; ++i) {
    adds.push_back(queue_.Add(AJob()));
    adds.push_back(queue_.Add(AJob().Key("k" + std::to_string(i))));
    queue_.Settle();
  }
  const auto remove = queue_.Remove("x");
  const auto report = queue_.Report({outcome});
  queue_.Depose();
  for (const auto call : adds) EXPECT_EQ(AddStatus(call), NoLeader());
  EXPECT_EQ(queue_.Removed(remove)->status(), NoLeader());
  EXPECT_EQ(queue_.Reported(report)->status(), NoLeader());
  EXPECT_EQ(executor.end(), NoLeader());
  EXPECT_EQ(AddStatus(queue_.Add(AJob())), absl::UnknownError("not answered"));
  queue_.Settle();
}

// What it had not yet sent to the store must not run under a later leadership.
TEST_F(ADeposedLeader, AsksTheStoreForNothingMore) {
  FakeExecutor executor(queue_, {});
  queue_.Apply(queue::Deposed{});
  queue_.store().Forget();
  queue_.Settle();
  queue::OpenFrame open;
  open.tasks = {"t"};
  queue_.Lead();
  queue_.store().Forget();
  queue_.OpenStream(executor, open);
  queue_.Apply(queue::Deposed{});
  queue_.Settle();
  EXPECT_THAT(queue_.store().asked(), IsEmpty());
}

TEST_F(ADeposedLeader, MayLeadAgain) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  queue_.Depose();
  queue_.Lead();
  executor.Connect();
  executor.Complete(job);
  EXPECT_TRUE(Gone(job));
}

class ADrain : public QueueTest {};

TEST_F(ADrain, HandsSessionsOverAndLeasesNothingNew) {
  FakeExecutor& executor = Connect({"t"}, 1);
  AddMany(2, AJob());
  queue_.BeginDrain();
  EXPECT_EQ(executor.handovers, 1);
  executor.Complete(1);
  EXPECT_THAT(executor.Held(), IsEmpty());
  EXPECT_TRUE(Gone(1));
}

TEST_F(ADrain, IsOverWhenEverythingAcknowledgedIsOnDisk) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  queue_.store().Hold<RecordOutcomes>();
  executor.Complete(job);
  queue_.BeginDrain();
  EXPECT_FALSE(queue_.dispatcher().drained());
  queue_.store().Release<RecordOutcomes>();
  queue_.Settle();
  EXPECT_TRUE(queue_.dispatcher().drained());
}

TEST_F(ADrain, WaitsForLeasesUnderWay) {
  Connect();
  queue_.store().Hold<LeaseJobs>();
  Add(AJob().Queue("q"));
  queue_.BeginDrain();
  EXPECT_FALSE(queue_.dispatcher().drained());
  queue_.store().Release<LeaseJobs>();
  queue_.Settle();
  EXPECT_TRUE(queue_.dispatcher().drained());
}

TEST_F(ADrain, FinishesAddsThatWereTakenAndRefusesOthers) {
  queue_.store().Hold<AddJobs>();
  std::vector<queue::CallId> calls;
  for (int i = 0; i < 5; ++i) {
    calls.push_back(queue_.Add(AJob()));
    queue_.Settle();
  }
  queue_.BeginDrain();
  const auto late = queue_.Add(AJob());
  queue_.store().Release<AddJobs>();
  queue_.Settle();
  for (const auto call : calls) EXPECT_EQ(AddedIn(call).size(), 1u);
  EXPECT_EQ(AddStatus(late), Draining());
}

TEST_F(ADrain, RefusesStreams) {
  queue_.BeginDrain();
  EXPECT_EQ(Connect().end(), Draining());
}

}  // namespace
}  // namespace leasehold::fake
