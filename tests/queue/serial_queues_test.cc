#include <map>

#include "tests/queue/support/queue_test.h"

// Jobs with one queue_name run one at a time, in order, over all sessions.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class SerialQueues : public QueueTest {
 protected:
  explicit SerialQueues(queue::QueueOptions options = {}) : QueueTest(options) {}
};

TEST_F(SerialQueues, RunOneJobAtATimeHoweverLargeTheWindow) {
  const std::vector<JobId> added = AddMany(5, AJob().Queue("q"));
  FakeExecutor& executor = Connect({"t"}, 100);
  for (const JobId job : added) {
    EXPECT_THAT(executor.Held(), ElementsAre(job));
    executor.Complete(job);
  }
}

TEST_F(SerialQueues, RunOneJobAtATimeOverAllSessions) {
  FakeExecutor& one = Connect({"t"}, 10);
  FakeExecutor& other = Connect({"t"}, 10);
  AddMany(10, AJob().Queue("q"));
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(one.Held().size() + other.Held().size(), 1u);
    (one.Held().empty() ? other : one).CompleteAll();
  }
  EXPECT_TRUE(tables_.jobs.empty());
}

TEST_F(SerialQueues, RunBesideEachOther) {
  Add(AJob().Queue("p"));
  Add(AJob().Queue("q"));
  Add(AJob());
  EXPECT_EQ(Connect({"t"}, 10).Held().size(), 3u);
}

TEST_F(SerialQueues, KeepTheOrderOverTasksAndPriorities) {
  FakeExecutor& executor = Connect({"a", "b"}, 10);
  const JobId running = Add(AJob("a").Queue("q").Priority(9));
  const JobId second = Add(AJob("a").Queue("q").Priority(1));
  const JobId third = Add(AJob("b").Queue("q").Priority(1));
  const JobId first = Add(AJob("b").Queue("q").Priority(0));
  EXPECT_THAT(RunAll(executor), ElementsAre(running, first, second, third));
}

TEST_F(SerialQueues, WaitForTheirHeadThoughOnlyAnotherSessionMayRunIt) {
  Connect({"a"}, 0);
  FakeExecutor& other = Connect({"b"}, 10);
  Add(AJob("a").Queue("q"));
  Add(AJob("b").Queue("q"));
  EXPECT_THAT(other.Came(), IsEmpty());
}

TEST_F(SerialQueues, DoNotWaitForAHeadThatNobodyCanRun) {
  FakeExecutor& other = Connect({"b"}, 10);
  Add(AJob("a").Queue("q"));
  const JobId b = Add(AJob("b").Queue("q"));
  EXPECT_THAT(other.Came(), ElementsAre(b));
}

TEST_F(SerialQueues, AreFreedOfAHeadWhoseLastExecutorLeaves) {
  FakeExecutor& leaving = Connect({"a"}, 0);
  FakeExecutor& other = Connect({"b"}, 10);
  Add(AJob("a").Queue("q"));
  const JobId b = Add(AJob("b").Queue("q"));
  leaving.Drain();
  leaving.Break(/*visibly=*/true);
  Advance(absl::Seconds(1));
  EXPECT_THAT(other.Came(), ElementsAre(b));
}

TEST_F(SerialQueues, LetTheNextJobRunWhileAFailedOneWaits) {
  const std::vector<JobId> added = AddMany(3, AJob().Queue("q"));
  FakeExecutor& executor = Connect({"t"}, 10);
  executor.Fail(added[0]);
  EXPECT_THAT(executor.Held(), ElementsAre(added[1]));
  Advance(absl::Seconds(3));
  EXPECT_THAT(executor.Held(), ElementsAre(added[1]));
  executor.Complete(added[1]);
  // The failed one has the later time now.
  EXPECT_THAT(executor.Held(), ElementsAre(added[2]));
  executor.Complete(added[2]);
  EXPECT_THAT(executor.Held(), ElementsAre(added[0]));
}

TEST_F(SerialQueues, LetTheNextJobRunWhileAFutureOneWaits) {
  FakeExecutor& executor = Connect({"t"}, 10);
  const JobId future = Add(AJob().Queue("q").Priority(-1).In(absl::Seconds(5)));
  const JobId next = Add(AJob().Queue("q"));
  EXPECT_THAT(executor.Held(), ElementsAre(next));
  Advance(absl::Seconds(5));
  EXPECT_THAT(executor.Held(), ElementsAre(next));
  executor.Complete(next);
  EXPECT_THAT(executor.Held(), ElementsAre(future));
}

TEST_F(SerialQueues, AreNotHeldByALockedHead) {
  const std::vector<JobId> added = AddMany(3, AJob().Queue("q"));
  tables_.locked = {added[0]};
  FakeExecutor& executor = Connect({"t"}, 10);
  EXPECT_THAT(executor.Held(), ElementsAre(added[1]));
  tables_.locked.clear();
  Advance(absl::Milliseconds(50));
  executor.Complete(added[1]);
  EXPECT_THAT(executor.Held(), ElementsAre(added[0]));
  executor.Complete(added[0]);
  EXPECT_THAT(executor.Held(), ElementsAre(added[2]));
}

TEST_F(SerialQueues, AreHeldUntilTheOutcomeIsOnDisk) {
  const std::vector<JobId> added = AddMany(2, AJob().Queue("q"));
  FakeExecutor& executor = Connect({"t"}, 10);
  queue_.store().Hold<RecordOutcomes>();
  executor.Complete(added[0]);
  EXPECT_THAT(executor.Held(), IsEmpty());
  queue_.store().Release<RecordOutcomes>();
  queue_.Settle();
  EXPECT_THAT(executor.Held(), ElementsAre(added[1]));
}

TEST_F(SerialQueues, MayBeAHundredThousandAtTheCostOfOne) {
  std::vector<NewJob> jobs;
  for (int i = 0; i < 3000; ++i) jobs.push_back(AJob().Queue(std::to_string(i)));
  queue_.Add(jobs);
  queue_.Settle();
  FakeExecutor& executor = Connect({"t"}, 3000);
  EXPECT_EQ(executor.Held().size(), 3000u);
  EXPECT_THAT(queue_.store().Asked<ReadQueueHeads>(), IsEmpty());
}

queue::QueueOptions SmallWindows() {
  queue::QueueOptions options;
  options.window_rows = 4;
  return options;
}

class LongSerialQueues : public SerialQueues {
 protected:
  LongSerialQueues() : SerialQueues(SmallWindows()) {}
};

TEST_F(LongSerialQueues, DoNotKeepOtherJobsBack) {
  const std::vector<JobId> queued = AddMany(2000, AJob().Queue("q"));
  const std::vector<JobId> others = AddMany(5, AJob());
  FakeExecutor& executor = Connect({"t"}, 10);
  std::vector<JobId> wanted = {queued[0]};
  wanted.insert(wanted.end(), others.begin(), others.end());
  EXPECT_THAT(executor.Came(), ElementsAreArray(wanted));
}

TEST_F(LongSerialQueues, KeepTheirOrderToTheEnd) {
  const std::vector<JobId> queued = AddMany(200, AJob().Queue("q"));
  EXPECT_THAT(RunAll(Connect({"t"}, 10)), ElementsAreArray(queued));
}

TEST_F(LongSerialQueues, KeepTheirOrderOverTasksAndPriorities) {
  std::map<std::pair<int, JobId>, JobId> in_order;
  for (int i = 0; i < 120; ++i) {
    const int priority = i * 5 % 3;
    const std::string task = i % 2 == 0 ? "a" : "b";
    const JobId id = Add(AJob(task).Queue("q").Priority(priority));
    in_order[{priority, id}] = id;
  }
  std::vector<JobId> wanted;
  for (const auto& [rank, id] : in_order) wanted.push_back(id);
  EXPECT_THAT(RunAll(Connect({"a", "b"}, 4)), ElementsAreArray(wanted));
}

TEST_F(LongSerialQueues, TakeInNewcomersWhileTheirHeadsAreRead) {
  AddMany(30, AJob().Queue("q"));
  FakeExecutor& executor = Connect({"t"}, 4);
  queue_.store().HoldAnswers<ReadQueueHeads>();
  for (int i = 0; i < 6; ++i) {
    if (!executor.Held().empty()) executor.CompleteAll();
  }
  AddMany(5, AJob().Queue("q"));
  queue_.store().Release<ReadQueueHeads>();
  queue_.Settle();
  RunAll(executor);
  EXPECT_TRUE(tables_.jobs.empty());
}

// The answer to a read of the heads says nothing of a job that came after it.
TEST_F(LongSerialQueues, WaitForAnEarlierNewcomerThatCameWhileTheirHeadsWereRead) {
  FakeExecutor& other = Connect({"b"}, 0);
  AddMany(40, AJob("b"));
  FakeExecutor& executor = Connect({"a"}, 1);
  AddMany(10, AJob("a").Queue("q").Priority(5));
  queue_.store().HoldAnswers<ReadQueueHeads>();
  for (int i = 0; i < 10 && !executor.Held().empty(); ++i) executor.CompleteAll();
  const JobId newcomer = Add(AJob("b").Queue("q"));
  queue_.store().Release<ReadQueueHeads>();
  queue_.Settle();
  EXPECT_THAT(executor.Held(), IsEmpty());
  other.SetWindow(100);
  EXPECT_EQ(other.Came().back(), newcomer);
  EXPECT_THAT(executor.Held(), IsEmpty());
  other.Complete(newcomer);
  EXPECT_EQ(executor.Held().size(), 1u);
}

TEST_F(LongSerialQueues, GoOnWhenSeveralHeadsAreLocked) {
  const std::vector<JobId> added = AddMany(12, AJob().Queue("q"));
  for (int i = 0; i < 5; ++i) tables_.locked.insert(added[static_cast<size_t>(i)]);
  FakeExecutor& executor = Connect({"t"}, 10);
  Advance(absl::Milliseconds(10));
  EXPECT_THAT(executor.Held(), ElementsAre(added[5]));
  EXPECT_LT(queue_.store().Asked<ReadQueueHeads>().size(), 20u);
  tables_.locked.clear();
  Advance(absl::Seconds(2));
  executor.Came();
  executor.Complete(added[5]);
  EXPECT_THAT(executor.Held(), ElementsAre(added[0]));
  RunAll(executor);
  EXPECT_TRUE(tables_.jobs.empty());
}

TEST_F(LongSerialQueues, AskNothingWhileAllTheirHeadsAreLocked) {
  const std::vector<JobId> added = AddMany(12, AJob().Queue("q"));
  tables_.locked.insert(added.begin(), added.end());
  FakeExecutor& executor = Connect({"t"}, 10);
  queue_.store().Forget();
  Advance(absl::Milliseconds(40));
  EXPECT_LT(queue_.store().Asked<ReadQueueHeads>().size(), 3u);
  tables_.locked.clear();
  Advance(absl::Seconds(2));
  EXPECT_EQ(executor.Held().size(), 1u);
}

TEST_F(LongSerialQueues, SurviveThatTheirHeadsCannotBeRead) {
  AddMany(50, AJob().Queue("q"));
  FakeExecutor& executor = Connect({"t"}, 10);
  queue_.store().Fail<ReadQueueHeads>(absl::InternalError("out of memory"), 2);
  for (int i = 0; i < 20; ++i) {
    if (!executor.Held().empty()) executor.CompleteAll();
    Advance(absl::Seconds(1));
  }
  RunAll(executor);
  EXPECT_TRUE(tables_.jobs.empty());
}

}  // namespace
}  // namespace leasehold::fake
