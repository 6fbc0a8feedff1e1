#include "server/base/errors.h"
#include "tests/queue/support/queue_test.h"

// How jobs are added: in batches, born leased where they may be, all or none of a call.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Adding : public QueueTest {
 protected:
  int Transactions() { return static_cast<int>(queue_.store().Asked<AddJobs>().size()); }
};

TEST_F(Adding, AnswersAfterTheCommit) {
  queue_.store().HoldAnswers<AddJobs>();
  const auto call = queue_.Add(AJob());
  queue_.Settle();
  EXPECT_EQ(queue_.Added(call), nullptr);
  queue_.store().Release<AddJobs>();
  queue_.Settle();
  EXPECT_THAT(AddedIn(call), ElementsAre(1));
}

TEST_F(Adding, PutsCallsThatComeTogetherIntoOneTransaction) {
  for (int i = 0; i < 50; ++i) queue_.Add(AJob());
  queue_.Settle();
  EXPECT_EQ(Transactions(), 1);
  EXPECT_EQ(tables_.jobs.size(), 50u);
}

TEST_F(Adding, LetsTheNextBatchFormWhileTransactionsAreUnderWay) {
  queue_.store().Hold<AddJobs>();
  for (int i = 0; i < 10; ++i) {
    queue_.Add(AJob());
    queue_.Settle();
  }
  EXPECT_EQ(Transactions(), 2);
  queue_.store().Release<AddJobs>();
  queue_.Settle();
  EXPECT_EQ(Transactions(), 3);
  EXPECT_EQ(tables_.jobs.size(), 10u);
}

TEST_F(Adding, NeverSplitsACall) {
  const std::vector<JobId> ids = AddMany(2500, AJob());
  EXPECT_EQ(ids.size(), 2500u);
  EXPECT_EQ(Transactions(), 1);
}

TEST_F(Adding, ReservesIdsForACallLargerThanTheReserve) {
  AddMany(1, AJob());
  EXPECT_EQ(AddMany(25'000, AJob()).size(), 25'000u);
}

TEST_F(Adding, TriesAgainToReserveIdsAfterAFailure) {
  queue_.store().Fail<ReserveJobIds>(absl::InternalError("no sequence"), 3);
  AddMany(9'000, AJob());
  const auto call = queue_.Add(std::vector<NewJob>(9'000, AJob()));
  queue_.Settle();
  Advance(absl::Seconds(5));
  EXPECT_EQ(AddedIn(call).size(), 9'000u);
  EXPECT_LT(queue_.store().Asked<ReserveJobIds>().size(), 20u);
}

TEST_F(Adding, NeverGivesAnIdTwiceAfterTheStoreWasAway) {
  AddMany(5, AJob());
  queue_.StoreAway();
  queue_.StoreBack();
  const JobId after = Add(AJob());
  EXPECT_GT(after, 5);
}

TEST_F(Adding, LetsOneRefusedJobHarmNoNeighbour) {
  const auto good = queue_.Add(AJob());
  const auto bad = queue_.Add(AJob().Payload(kRefusedText));
  const auto also_good = queue_.Add(AJob());
  queue_.Settle();
  EXPECT_EQ(AddedIn(good).size(), 1u);
  EXPECT_TRUE(absl::IsInvalidArgument(AddStatus(bad)));
  EXPECT_EQ(AddedIn(also_good).size(), 1u);
  EXPECT_EQ(tables_.jobs.size(), 2u);
}

TEST_F(Adding, RefusesACallAsAWhole) {
  const auto call = queue_.Add(std::vector<NewJob>{AJob(), AJob().Payload(kRefusedText)});
  queue_.Settle();
  EXPECT_TRUE(absl::IsInvalidArgument(AddStatus(call)));
  EXPECT_TRUE(tables_.jobs.empty());
}

TEST_F(Adding, RefusesWhatIsTooMuch) {
  queue_.store().Hold<AddJobs>();
  absl::Status status;
  for (int i = 0; i < 105; ++i) {
    const auto call = queue_.Add(std::vector<NewJob>(1000, AJob()));
    queue_.Settle();
    if (queue_.Added(call) != nullptr) status = AddStatus(call);
  }
  EXPECT_EQ(status, ServerFull());
}

TEST_F(Adding, SaysThatTheDatabaseIsAway) {
  queue_.StoreAway();
  const auto call = queue_.Add(AJob());
  queue_.Settle();
  EXPECT_EQ(AddStatus(call), DatabaseAway());
}

class BornLeased : public Adding {
 protected:
  int64_t Born() { return queue_.totals().born_leased; }
};

TEST_F(BornLeased, IsAJobThatASessionWaitsFor) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  EXPECT_THAT(executor.Came(), ElementsAre(job));
  EXPECT_EQ(Born(), 1);
  EXPECT_THAT(queue_.store().Asked<LeaseJobs>(), IsEmpty());
}

TEST_F(BornLeased, ComesOnlyAfterTheCommit) {
  FakeExecutor& executor = Connect();
  queue_.store().HoldAnswers<AddJobs>();
  queue_.Add(AJob());
  queue_.Settle();
  EXPECT_THAT(executor.Came(), IsEmpty());
}

TEST_F(BornLeased, AreOnlyAsManyAsThereIsRoomFor) {
  FakeExecutor& executor = Connect({"t"}, 3);
  const std::vector<JobId> added = AddMany(10, AJob());
  EXPECT_EQ(Born(), 3);
  EXPECT_THAT(RunAll(executor), ElementsAreArray(added));
}

TEST_F(BornLeased, IsNoJobOfASerialQueue) {
  FakeExecutor& executor = Connect();
  Add(AJob().Queue("q"));
  EXPECT_EQ(executor.Held().size(), 1u);
  EXPECT_EQ(Born(), 0);
}

TEST_F(BornLeased, IsNoJobOfTheFuture) {
  Connect();
  Add(AJob().In(absl::Seconds(1)));
  EXPECT_EQ(Born(), 0);
}

TEST_F(BornLeased, IsNoJobThatOthersRankBefore) {
  FakeExecutor& executor = Connect({"a", "b"}, 1);
  Add(AJob("a"));
  const JobId second = Add(AJob("a"));
  queue_.store().Hold<RecordOutcomes>();
  queue_.store().Hold<LeaseJobs>();
  executor.Came();
  executor.CompleteAll();
  const JobId third = Add(AJob("b"));
  EXPECT_EQ(Born(), 1);
  queue_.store().Release<RecordOutcomes>();
  queue_.store().Release<LeaseJobs>();
  queue_.Settle();
  EXPECT_THAT(RunAll(executor), ElementsAre(second, third));
}

TEST_F(BornLeased, IsNoJobThatAnotherOfItsBatchRanksBefore) {
  FakeExecutor& executor = Connect({"t"}, 1);
  const auto call = queue_.Add(std::vector<NewJob>{AJob().Priority(5), AJob().Priority(1)});
  queue_.Settle();
  const std::vector<JobId> ids = AddedIn(call);
  EXPECT_THAT(RunAll(executor), ElementsAre(ids[1], ids[0]));
}

TEST_F(BornLeased, IsNoJobThatRanksBehindOneOnItsWayToDisk) {
  FakeExecutor& executor = Connect({"t"}, 1);
  const JobId running = Add(AJob());
  queue_.store().Hold<AddJobs>();
  queue_.Add(AJob());
  queue_.Settle();
  executor.Complete(running);
  queue_.Add(AJob());
  queue_.Settle();
  EXPECT_EQ(Born(), 1);
  queue_.store().Release<AddJobs>();
  queue_.Settle();
  EXPECT_THAT(RunAll(executor), ElementsAre(1, 2, 3));
}

// Else one batch that was not born leased would keep all later ones from it for ever.
TEST_F(BornLeased, IsAJobBehindOthersOnTheirWayToDiskIfThereIsRoomForAll) {
  FakeExecutor& executor = Connect({"t"}, 3);
  const JobId running = Add(AJob());
  executor.Came();
  executor.SetWindow(0);
  queue_.store().Hold<AddJobs>();
  queue_.Add(AJob());
  queue_.Settle();
  executor.SetWindow(3);
  queue_.Add(AJob());
  queue_.Add(AJob());
  queue_.Settle();
  queue_.store().Release<AddJobs>();
  queue_.Settle();
  EXPECT_EQ(Born(), 2) << "the last one left the first one its room";
  executor.Complete(running);
  EXPECT_THAT(RunAll(executor), UnorderedElementsAre(2, 3, 4));
}

TEST_F(BornLeased, IsNoJobThatTheSessionForbids) {
  ExecutorOptions options;
  options.forbidden_flags = {"gpu"};
  FakeExecutor& executor = Connect(options);
  Add(AJob().Flag("gpu"));
  EXPECT_EQ(Born(), 0);
  EXPECT_THAT(executor.Came(), IsEmpty());
}

TEST_F(BornLeased, GoesToTheSessionsInTurn) {
  FakeExecutor& one = Connect({"t"}, 10);
  FakeExecutor& other = Connect({"t"}, 10);
  AddMany(8, AJob());
  EXPECT_EQ(one.Held().size(), 4u);
  EXPECT_EQ(other.Held().size(), 4u);
}

TEST_F(BornLeased, ComesBackIfTheSessionWentMeanwhile) {
  FakeExecutor& executor = Connect();
  queue_.store().HoldAnswers<AddJobs>();
  queue_.Add(AJob());
  queue_.Settle();
  executor.Drain();
  executor.Break(/*visibly=*/true);
  Advance(absl::Seconds(31));
  queue_.store().Release<AddJobs>();
  queue_.Settle();
  FakeExecutor& next = Connect();
  EXPECT_EQ(next.Held().size(), 1u);
  EXPECT_EQ(Row(1).attempts, 0);
}

TEST_F(BornLeased, IsNotBornWhenItsBatchIsRefused) {
  FakeExecutor& executor = Connect({"t"}, 2);
  queue_.Add(AJob());
  queue_.Add(AJob().Payload(kRefusedText));
  queue_.Settle();
  EXPECT_EQ(executor.Held().size(), 1u);
  const JobId second = Add(AJob());
  const JobId third = Add(AJob());
  executor.Came();
  EXPECT_THAT(executor.Held(), ElementsAre(executor.Held()[0], second));
  RunAll(executor);
  EXPECT_TRUE(Gone(third));
}

}  // namespace
}  // namespace leasehold::fake
