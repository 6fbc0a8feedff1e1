#include <algorithm>

#include "tests/queue/support/queue_test.h"

// A backlog larger than memory: windows that hold few rows, and their refills.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

queue::QueueOptions SmallWindows() {
  queue::QueueOptions options;
  options.window_rows = 4;
  options.lease_batch = 3;
  return options;
}

class Windows : public QueueTest {
 protected:
  Windows() : QueueTest(SmallWindows()) {}

  // Another view ranks the same jobs: they are read before they are leased.
  void ShareTheJobs() {
    ExecutorOptions other;
    other.forbidden_flags = {"gpu"};
    other.window = 0;
    Connect(other);
  }
};

TEST_F(Windows, BringABacklogOfHundredsInOrder) {
  const std::vector<JobId> added = AddMany(300, AJob());
  EXPECT_THAT(RunAll(Connect({"t"}, 7)), ElementsAreArray(added));
}

TEST_F(Windows, BringABacklogOfManyTasksAndPrioritiesInOrder) {
  std::vector<std::pair<int, JobId>> added;
  for (int i = 0; i < 200; ++i) {
    const int priority = i * 7 % 5;
    added.emplace_back(priority, Add(AJob(i % 2 == 0 ? "a" : "b").Priority(priority)));
  }
  std::sort(added.begin(), added.end());
  std::vector<JobId> wanted;
  for (const auto& [priority, id] : added) wanted.push_back(id);
  EXPECT_THAT(RunAll(Connect({"a", "b"}, 1)), ElementsAreArray(wanted));
}

TEST_F(Windows, HoldNoMoreThanTheyMay) {
  Connect({"t"}, 0);
  AddMany(300, AJob());
  size_t rows = 0;
  for (const auto& read : queue_.store().Asked<ReadWindows>()) {
    for (const auto& window : read.windows) rows += static_cast<size_t>(window.limit);
  }
  EXPECT_LE(rows, 16u);
}

TEST_F(Windows, TakeInNewcomersThatRankBeforeTheRest) {
  AddMany(50, AJob());
  FakeExecutor& executor = Connect({"t"}, 1);
  executor.Came();
  const JobId urgent = Add(AJob().Priority(-1));
  const JobId early = Add(AJob().At(queue_.now() - absl::Seconds(1)));
  executor.CompleteAll();
  executor.CompleteAll();
  EXPECT_THAT(executor.Came(), ElementsAre(urgent, early));
}

TEST_F(Windows, RankNewcomersOfARefillAfterItsAnswer) {
  ShareTheJobs();
  const std::vector<JobId> backlog = AddMany(10, AJob());
  queue_.store().HoldAnswers<ReadWindows>();
  FakeExecutor& executor = Connect({"t"}, 1);
  const JobId early = Add(AJob().At(queue_.now() - absl::Seconds(1)));
  const JobId late = Add(AJob());
  queue_.store().Release<ReadWindows>();
  queue_.Settle();
  std::vector<JobId> wanted = {early};
  wanted.insert(wanted.end(), backlog.begin(), backlog.end());
  wanted.push_back(late);
  EXPECT_THAT(RunAll(executor), ElementsAreArray(wanted));
}

TEST_F(Windows, LoseNoNewcomerOfALaterRefill) {
  AddMany(20, AJob());
  FakeExecutor& executor = Connect({"t"}, 2);
  executor.CompleteAll();
  queue_.store().HoldAnswers<ReadWindows>();
  executor.CompleteAll();
  for (int i = 0; i < 12; ++i) {
    Add(AJob().At(queue_.now() - absl::Milliseconds(i)));
    Add(AJob().In(absl::Milliseconds(i)));
  }
  executor.CompleteAll();
  queue_.store().Release<ReadWindows>();
  queue_.Settle();
  Advance(absl::Milliseconds(20));
  RunAll(executor);
  EXPECT_TRUE(tables_.jobs.empty());
}

// A priority may come into use while the priorities are being read.
TEST_F(Windows, LoseNoNewcomerWhilePrioritiesAreRead) {
  queue_.store().HoldAnswers<ReadPriorities>();
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().Priority(3));
  queue_.store().Release<ReadPriorities>();
  queue_.Settle();
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(Windows, TakeInRetriesAndReleasedJobs) {
  const std::vector<JobId> added = AddMany(30, AJob());
  FakeExecutor& executor = Connect({"t"}, 3);
  executor.SetWindow(1);
  executor.Fail(added[0]);
  executor.Release({added[1]});
  executor.Came();
  executor.Complete(added[2]);
  EXPECT_THAT(executor.Came(), ElementsAre(added[1]));
  RunAll(executor);
  EXPECT_EQ(tables_.jobs.size(), 1u);
  Advance(absl::Seconds(3));
  EXPECT_THAT(RunAll(executor), ElementsAre(added[0]));
  EXPECT_TRUE(tables_.jobs.empty());
}

TEST_F(Windows, StartEachOfManyFutureJobsWhenItIsDue) {
  std::vector<JobId> added;
  for (int i = 0; i < 40; ++i) added.push_back(Add(AJob().In(absl::Seconds(40 - i))));
  FakeExecutor& executor = Connect({"t"}, 1);
  for (int i = 39; i >= 0; --i) {
    Advance(absl::Seconds(1));
    EXPECT_THAT(executor.Came(), ElementsAre(added[static_cast<size_t>(i)]));
    executor.CompleteAll();
  }
}

TEST_F(Windows, SkipThousandsOfJobsWithAForbiddenFlag) {
  AddMany(1000, AJob().Flag("gpu"));
  const JobId plain = Add(AJob());
  ExecutorOptions options;
  options.forbidden_flags = {"gpu"};
  EXPECT_THAT(Connect(options).Came(), ElementsAre(plain));
}

TEST_F(Windows, AreReadAnewAfterAFailedRead) {
  ShareTheJobs();
  const std::vector<JobId> added = AddMany(20, AJob());
  queue_.store().Fail<ReadWindows>(absl::InternalError("out of memory"));
  FakeExecutor& executor = Connect({"t"}, 2);
  EXPECT_THAT(executor.Came(), IsEmpty());
  Advance(absl::Milliseconds(200));
  EXPECT_THAT(RunAll(executor), ElementsAreArray(added));
}

TEST_F(Windows, AreReadAnewAfterPrioritiesCouldNotBeRead) {
  const JobId job = Add(AJob());
  queue_.store().Fail<ReadPriorities>(absl::InternalError("out of memory"));
  FakeExecutor& executor = Connect();
  Advance(absl::Milliseconds(200));
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(Windows, ServeASessionThatComesBackToATask) {
  AddMany(20, AJob());
  FakeExecutor& first = Connect({"t"}, 1);
  first.Drain();
  first.CompleteAll();
  first.Break(/*visibly=*/true);
  FakeExecutor& second = Connect({"t"}, 5);
  RunAll(second);
  EXPECT_TRUE(tables_.jobs.empty());
}

// Jobs that a session must not overtake are not in memory yet.
TEST_F(Windows, KeepTheOrderBetweenTasksWhileOneIsRefilled) {
  const std::vector<JobId> first = AddMany(20, AJob("a"));
  const std::vector<JobId> second = AddMany(20, AJob("b"));
  FakeExecutor& executor = Connect({"a", "b"}, 0);
  queue_.store().HoldAnswers<ReadWindows>();
  executor.SetWindow(30);
  executor.Came();
  queue_.store().Release<ReadWindows>();
  queue_.Settle();
  EXPECT_EQ(executor.Held().size(), 30u);
  EXPECT_EQ(executor.Held()[19], first[19]);
  EXPECT_EQ(executor.Held()[29], second[9]);
}

class AProof : public Windows {};

TEST_F(AProof, FindsWhatIsMissingAndCountsIt) {
  FakeExecutor& executor = Connect({"t"}, 2);
  AddMany(3, AJob());
  // A row that nobody told of: a hand's work, or a defect.
  Job row = Row(1);
  row.id = 500;
  tables_.jobs[500] = row;
  RunAll(executor);
  Advance(absl::Minutes(1) + absl::Seconds(15));
  EXPECT_THAT(executor.Came(), ElementsAre(500));
  EXPECT_EQ(queue_.totals().window_corrections, 1);
  const_cast<queue::Totals&>(queue_.totals()).window_corrections = 0;
}

TEST_F(AProof, FindsAMissingPriority) {
  FakeExecutor& executor = Connect();
  Add(AJob());
  Job row = Row(1);
  row.id = 500;
  row.priority = 7;
  tables_.jobs[500] = row;
  executor.Came();
  Advance(absl::Minutes(1));
  EXPECT_THAT(executor.Came(), ElementsAre(500));
}

TEST_F(AProof, DoesNotMistakeAJobThatHasJustEndedForAMissingOne) {
  AddMany(2, AJob());
  FakeExecutor& executor = Connect({"t"}, 1);
  queue_.store().HoldAnswers<ReadWindows>();
  Advance(absl::Minutes(1));
  executor.CompleteAll();
  queue_.store().Release<ReadWindows>();
  queue_.Settle();
  Advance(absl::Minutes(1));
  EXPECT_EQ(queue_.totals().window_corrections, 0);
}

TEST_F(AProof, FindsNothingMissingInALongBacklog) {
  AddMany(100, AJob());
  AddMany(20, AJob().Queue("q"));
  FakeExecutor& executor = Connect({"t"}, 3);
  for (int i = 0; i < 10; ++i) {
    Advance(absl::Seconds(20));
    executor.CompleteAll();
    Add(AJob().Priority(i % 2));
  }
  EXPECT_EQ(queue_.totals().window_corrections, 0);
}

}  // namespace
}  // namespace leasehold::fake
