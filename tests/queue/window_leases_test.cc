#include <algorithm>
#include <numeric>

#include "tests/queue/support/queue_test.h"

// A backlog that is leased straight from the database, without being read into memory before.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::SizeIs;

class ALeaseFromAWindow : public QueueTest {
 protected:
  // Nothing of the backlog is in memory when an executor comes.
  std::vector<JobId> Backlog(int jobs) {
    std::vector<JobId> ids(static_cast<size_t>(jobs));
    for (JobId& id : ids) id = AddBySql(tables_, AJob(), queue_.now());
    tables_.inbox.clear();
    return ids;
  }
  template <typename Request>
  size_t Asked() {
    return queue_.store().Asked<Request>().size();
  }
};

TEST_F(ALeaseFromAWindow, TakesABacklogInOrderWithoutReadingIt) {
  const std::vector<JobId> backlog = Backlog(500);
  EXPECT_THAT(RunAll(Connect({"t"}, 50)), ElementsAreArray(backlog));
  EXPECT_EQ(Asked<LeaseJobs>(), 0u);
  // One read: of what becomes due after the last of them.
  EXPECT_EQ(Asked<ReadWindows>(), 1u);
}

TEST_F(ALeaseFromAWindow, SharesABatchAmongSessions) {
  Backlog(40);
  FakeExecutor& one = Connect({"t"}, 0);
  FakeExecutor& other = Connect({"t"}, 0);
  queue_.store().Hold<LeaseWindow>();
  one.SetWindow(10);
  other.SetWindow(5);
  queue_.store().Release<LeaseWindow>();
  queue_.Settle();
  EXPECT_THAT(one.Held(), SizeIs(10));
  EXPECT_THAT(other.Held(), SizeIs(5));
}

// The job could not be leased as it was ranked. Until it is read again a window may give it away.
TEST_F(ALeaseFromAWindow, MayTakeAJobThatMovedWhileItWasBeingLeasedFromMemory) {
  const std::vector<JobId> backlog = Backlog(3);
  FakeExecutor& executor = Connect({"t"}, 1);
  executor.Came();
  queue_.store().Hold<LeaseJobs>();
  queue_.store().Hold<ReadJobs>();
  executor.Release({backlog[0]});
  Advance(absl::Milliseconds(5));
  RescheduleBySql(tables_, backlog[0], queue_.now());
  tables_.inbox.clear();
  executor.SetWindow(4);
  queue_.store().Release<LeaseJobs>();
  queue_.Settle();
  EXPECT_THAT(executor.Came(), ElementsAre(backlog[1], backlog[2], backlog[0]));
  queue_.store().Release<ReadJobs>();
  queue_.Settle();
  EXPECT_THAT(executor.Held(), SizeIs(3));
  EXPECT_THAT(tables_.violations, ::testing::IsEmpty());
}

TEST_F(ALeaseFromAWindow, LeavesJobsOfTheFuture) {
  const std::vector<JobId> backlog = Backlog(3);
  const JobId later = AddBySql(tables_, AJob().In(absl::Minutes(1)), queue_.now());
  FakeExecutor& executor = Connect();
  EXPECT_THAT(RunAll(executor), ElementsAreArray(backlog));
  Advance(absl::Minutes(1));
  EXPECT_THAT(executor.Held(), ElementsAre(later));
}

TEST_F(ALeaseFromAWindow, OfTheHighestPriorityComesFirst) {
  const std::vector<JobId> backlog = Backlog(20);
  const JobId urgent = AddBySql(tables_, AJob().Priority(-1), queue_.now());
  std::vector<JobId> ran = RunAll(Connect({"t"}, 7));
  EXPECT_EQ(ran.front(), urgent);
  EXPECT_THAT(ran, SizeIs(backlog.size() + 1));
}

TEST_F(ALeaseFromAWindow, StopsAtAJobOfASerialQueue) {
  std::vector<JobId> wanted = Backlog(3);
  wanted.push_back(AddBySql(tables_, AJob().Queue("q"), queue_.now()));
  const std::vector<JobId> rest = Backlog(3);
  wanted.insert(wanted.end(), rest.begin(), rest.end());
  tables_.inbox.clear();
  EXPECT_THAT(RunAll(Connect({"t"}, 2)), ElementsAreArray(wanted));
}

TEST_F(ALeaseFromAWindow, StopsAtAJobThatCrashed) {
  std::vector<JobId> wanted = Backlog(6);
  tables_.jobs.at(wanted[2]).crashes = 1;
  FakeExecutor& executor = Connect({"t"}, 5);
  EXPECT_THAT(executor.Held(), ElementsAre(wanted[0], wanted[1]));
  executor.CompleteAll();
  EXPECT_THAT(executor.Held(), ElementsAre(wanted[2]));
  executor.CompleteAll();
  EXPECT_THAT(executor.Held(), ElementsAre(wanted[3], wanted[4], wanted[5]));
}

TEST_F(ALeaseFromAWindow, PassesOverForbiddenFlags) {
  const std::vector<JobId> before = Backlog(3);
  AddBySql(tables_, AJob().Flag("gpu"), queue_.now());
  const std::vector<JobId> after = Backlog(3);
  ExecutorOptions options;
  options.forbidden_flags = {"gpu"};
  std::vector<JobId> wanted = before;
  wanted.insert(wanted.end(), after.begin(), after.end());
  EXPECT_THAT(RunAll(Connect(options)), ElementsAreArray(wanted));
}

TEST_F(ALeaseFromAWindow, GoesAroundALockedRow) {
  const std::vector<JobId> backlog = Backlog(9);
  tables_.locked.insert(backlog[4]);
  FakeExecutor& executor = Connect({"t"}, 100);
  EXPECT_THAT(executor.Held(), SizeIs(8));
  tables_.locked.clear();
  Advance(absl::Seconds(1));
  EXPECT_THAT(executor.Held(), SizeIs(9));
}

// The window's end may lie before jobs that are leased: after the store was away all is read anew.
TEST_F(ALeaseFromAWindow, LeasesNothingTwiceAfterAnOutage) {
  Backlog(60);
  FakeExecutor& executor = Connect({"t"}, 20);
  queue_.StoreAway();
  queue_.StoreBack();
  queue_.Settle();
  executor.SetWindow(40);
  EXPECT_THAT(executor.Held(), SizeIs(40));
  EXPECT_THAT(RunAll(executor), SizeIs(60));
}

TEST_F(ALeaseFromAWindow, LeasesNothingTwiceAfterATakeover) {
  Backlog(60);
  FakeExecutor& executor = Connect({"t"}, 20);
  QueueHarness next(tables_, {}, 2);
  next.SetNow(queue_.now());
  next.Lead();
  executor.Connect(next);
  next.Settle();
  EXPECT_THAT(executor.Held(), SizeIs(20));
  FakeExecutor& other = executors_.emplace_back(next, ExecutorOptions{});
  other.Connect();
  next.Settle();
  EXPECT_THAT(other.Held(), SizeIs(10));
}

// The answer to AddJobs may come after the job was found in the database and leased.
TEST_F(ALeaseFromAWindow, LeasesNothingTwiceWhoseAddIsAnsweredLater) {
  FakeExecutor& executor = Connect({"t"}, 0);
  queue_.store().HoldAnswers<AddJobs>();
  const queue::CallId call = queue_.Add(AJob());
  queue_.Settle();
  executor.SetWindow(10);
  queue_.store().Release<AddJobs>();
  queue_.Settle();
  EXPECT_THAT(executor.Held(), ElementsAreArray(AddedIn(call)));
  EXPECT_EQ(queue_.totals().leased, 1);
}

TEST_F(ALeaseFromAWindow, RanksNewcomersThatCameMeanwhile) {
  const std::vector<JobId> backlog = Backlog(4);
  queue_.store().HoldAnswers<LeaseWindow>();
  FakeExecutor& executor = Connect({"t"}, 2);
  const JobId early = Add(AJob().At(queue_.now() - absl::Seconds(1)));
  Advance(absl::Milliseconds(1));
  const JobId late = Add(AJob());
  queue_.store().Release<LeaseWindow>();
  queue_.Settle();
  EXPECT_THAT(executor.Came(), ElementsAre(backlog[0], backlog[1]));
  executor.CompleteAll();
  EXPECT_THAT(RunAll(executor), ElementsAre(early, backlog[2], backlog[3], late));
}

// It hears of the change before it hears that it has leased the job.
TEST_F(ALeaseFromAWindow, IsOvertakenByAChangeThatWasToldBeforeItsAnswer) {
  const JobId job = Backlog(1).front();
  queue_.store().HoldAnswers<LeaseWindow>();
  FakeExecutor& executor = Connect({"t"}, 1);
  UnlockBySql(tables_, job);
  queue_.InboxFilled();
  queue_.Settle();
  queue_.store().Release<LeaseWindow>();
  queue_.Settle();
  executor.CompleteAll();
  EXPECT_THAT(executor.Held(), ElementsAre(job));
  executor.CompleteAll();
  EXPECT_TRUE(Gone(job));
  EXPECT_EQ(tables_.completed.at(job), 1);
}

TEST_F(ALeaseFromAWindow, ThatFailsIsReadBeforeItIsTriedAgain) {
  const std::vector<JobId> backlog = Backlog(30);
  queue_.store().Fail<LeaseWindow>(absl::InternalError("out of memory"));
  EXPECT_THAT(RunAll(Connect({"t"}, 10)), ElementsAreArray(backlog));
}

// A session with the same tasks that forbids a flag ranks the same jobs.
TEST_F(ALeaseFromAWindow, IsNotTakenWhereAnotherViewRanksTheJobsToo) {
  ExecutorOptions options;
  options.forbidden_flags = {"gpu"};
  Connect(options);
  Backlog(30);
  queue_.store().Forget();
  FakeExecutor& executor = Connect({"t"}, 30);
  EXPECT_THAT(executor.Held(), SizeIs(30));
  EXPECT_EQ(Asked<LeaseWindow>(), 0u);
}

TEST_F(ALeaseFromAWindow, LeavesNoTaskWaitingBehindTheTrafficOfAnother) {
  Backlog(40);
  FakeExecutor& busy = Connect({"u"}, 1);
  Add(AJob("u"));
  queue_.store().HoldAnswers<LeaseJobs>();
  Add(AJob("u"));
  busy.CompleteAll();
  FakeExecutor& other = Connect({"t"}, 5);
  queue_.store().Release<LeaseJobs>();
  queue_.Settle();
  EXPECT_THAT(other.Held(), SizeIs(5));
}

}  // namespace
}  // namespace leasehold::fake
