#include "tests/queue/support/queue_test.h"

// Sessions with nothing to do: once-mode, and what is recalled for them from others.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class OnceMode : public QueueTest {
 protected:
  FakeExecutor& ConnectOnce(int window = 2) {
    ExecutorOptions options;
    options.once = true;
    options.window = window;
    return Connect(options);
  }
};

TEST_F(OnceMode, SaysIdleWhenNothingIsThere) { EXPECT_EQ(ConnectOnce().idles, 1); }

TEST_F(OnceMode, SaysIdleWhenAllIsDone) {
  AddMany(5, AJob());
  Add(AJob().In(absl::Minutes(1)));
  FakeExecutor& executor = ConnectOnce();
  EXPECT_EQ(executor.idles, 0);
  RunAll(executor);
  EXPECT_EQ(executor.idles, 1);
  EXPECT_EQ(tables_.jobs.size(), 1u);
}

TEST_F(OnceMode, DoesNotSayIdleWhileAnOutcomeMayBringAJobBack) {
  Add(AJob());
  FakeExecutor& executor = ConnectOnce();
  queue_.store().Hold<RecordOutcomes>();
  Outcome outcome = executor.Ended(1, OutcomeKind::kFail);
  outcome.delay = absl::ZeroDuration();
  executor.Send({outcome});
  EXPECT_EQ(executor.idles, 0);
  queue_.store().Release<RecordOutcomes>();
  queue_.Settle();
  EXPECT_THAT(executor.Held(), ElementsAre(1));
}

TEST_F(OnceMode, DoesNotSayIdleBeforeWhatSqlCallersAddedIsRead) {
  Connect({"t"}, 0);
  AddBySql(tables_, AJob(), queue_.now());
  FakeExecutor& executor = ConnectOnce();
  EXPECT_EQ(executor.idles, 0);
  EXPECT_THAT(executor.Held(), SizeIs(1));
}

class Recall : public QueueTest {};

TEST_F(Recall, AsksForUnstartedJobsThatAnotherSessionCouldRun) {
  FakeExecutor& busy = Connect({"t"}, 10);
  AddMany(10, AJob());
  busy.Start(1);
  Advance(absl::Seconds(2));
  EXPECT_THAT(busy.recalled, IsEmpty());
  FakeExecutor& idle = Connect({"t"}, 4);
  Advance(absl::Seconds(2));
  EXPECT_THAT(busy.recalled, SizeIs(2));
  busy.Release({busy.recalled[0].job_id, busy.recalled[1].job_id});
  EXPECT_THAT(idle.Held(), SizeIs(2));
  Advance(absl::Seconds(5));
  EXPECT_THAT(busy.recalled, SizeIs(2));
}

TEST_F(Recall, AsksForWhatHasWaitedAMinute) {
  FakeExecutor& executor = Connect({"t"}, 3);
  AddMany(3, AJob());
  executor.Start(1);
  Advance(absl::Seconds(62));
  EXPECT_THAT(executor.recalled, SizeIs(2));
}

TEST_F(Recall, LeavesStartedJobsAlone) {
  FakeExecutor& executor = Connect({"t"}, 3);
  AddMany(3, AJob());
  for (const JobId job : executor.Held()) executor.Start(job);
  Connect({"t"}, 10);
  Advance(absl::Minutes(5));
  EXPECT_THAT(executor.recalled, IsEmpty());
}

}  // namespace
}  // namespace leasehold::fake
