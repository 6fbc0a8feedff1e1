#include <gmock/gmock.h>

#include "server/base/errors.h"
#include "tests/queue/support/queue_test.h"

// What operators see of executors and do to them.
namespace leasehold::fake {
namespace {

using queue::ExecutorInfo;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ExecutorsTest : public QueueTest {
 protected:
  std::vector<ExecutorInfo> List() {
    const queue::CallId call = queue_.ListExecutors();
    queue_.Settle();
    return queue_.Executors(call)->value();
  }
  std::vector<ExecutorInfo> Sweep(const queue::SweepOrder& order) {
    const queue::CallId call = queue_.Sweep(order);
    queue_.Settle();
    return queue_.Executors(call)->value();
  }
};

class ListingExecutors : public ExecutorsTest {};

TEST_F(ListingExecutors, TellsWhatEachIsAndHolds) {
  ExecutorOptions options;
  options.tasks = {"u", "t"};
  options.forbidden_flags = {"gpu"};
  options.window = 7;
  FakeExecutor& executor = Connect(std::move(options));
  const std::vector<JobId> ids = AddMany(3, AJob());
  executor.Start(ids[1]);
  executor.Complete(ids[0]);
  executor.beats = false;
  Advance(absl::Seconds(12));

  const std::vector<ExecutorInfo> executors = List();
  ASSERT_THAT(executors, SizeIs(1));
  EXPECT_EQ(executors[0].id, executor.opened()->executor_id);
  EXPECT_EQ(executors[0].name, "executor");
  EXPECT_THAT(executors[0].tasks, ElementsAre("t", "u"));
  EXPECT_THAT(executors[0].forbidden_flags, ElementsAre("gpu"));
  EXPECT_TRUE(executors[0].connected);
  EXPECT_EQ(executors[0].silent, absl::Seconds(12));
  EXPECT_EQ(executors[0].window, 7);
  EXPECT_EQ(executors[0].leases, 2);
  EXPECT_EQ(executors[0].running, 1);
}

TEST_F(ListingExecutors, IsInTheOrderOfTheirIds) {
  for (int i = 0; i < 9; ++i) Connect();
  const std::vector<ExecutorInfo> executors = List();
  ASSERT_THAT(executors, SizeIs(9));
  for (size_t i = 1; i < executors.size(); ++i) EXPECT_LT(executors[i - 1].id, executors[i].id);
}

TEST_F(ListingExecutors, KeepsThoseWhoseStreamBrokeUntilTheirSessionEnds) {
  FakeExecutor& executor = Connect();
  executor.Break(/*visibly=*/true);
  queue_.Settle();
  ASSERT_THAT(List(), SizeIs(1));
  EXPECT_FALSE(List()[0].connected);
  Advance(absl::Seconds(20));
  EXPECT_THAT(List(), IsEmpty());
}

TEST_F(ListingExecutors, IsAnsweredByLeadersAlone) {
  queue_.Depose();
  const queue::CallId call = queue_.ListExecutors();
  queue_.Settle();
  EXPECT_EQ(queue_.Executors(call)->status(), NoLeader());
}

class SweepingExecutors : public ExecutorsTest {
 protected:
  // One that holds a started job and has been silent for twelve seconds.
  SweepingExecutors() : silent_(Connect({"t"}, 1)), job_(Add(AJob())) {
    silent_.Start(job_);
    silent_.beats = false;
    Advance(absl::Seconds(12));
  }

  FakeExecutor& silent_;
  const JobId job_;
  const queue::SweepOrder ten_seconds_{.threshold = absl::Seconds(10),
                                       .recovery_delay = std::nullopt};
};

TEST_F(SweepingExecutors, EndsThoseSilentForLongAsTheTickDoes) {
  Connect({"other"}, 1);
  const auto swept = Sweep(ten_seconds_);

  ASSERT_THAT(swept, SizeIs(1));
  EXPECT_EQ(swept[0].id, silent_.opened()->executor_id);
  EXPECT_EQ(swept[0].leases, 1);
  EXPECT_EQ(ReasonOf(silent_.end()), "SESSION_LOST");
  EXPECT_THAT(List(), SizeIs(1));
  EXPECT_THAT(tables_.executors, SizeIs(1));
  EXPECT_EQ(Row(job_).crashes, 1);
  EXPECT_EQ(Row(job_).attempts, 0);
  EXPECT_EQ(Row(job_).run_at, queue_.now() + absl::Seconds(5));
  const auto report = queue_.Report({silent_.Ended(job_, OutcomeKind::kComplete)});
  queue_.Settle();
  EXPECT_THAT(queue_.Reported(report)->value(), ElementsAre(OutcomeResult::kLeaseLost));
  EXPECT_EQ(queue_.totals().swept, 1);
}

TEST_F(SweepingExecutors, SparesThoseHeardOfWithinTheThreshold) {
  EXPECT_THAT(Sweep({.threshold = absl::Seconds(13), .recovery_delay = std::nullopt}), IsEmpty());
  EXPECT_THAT(Sweep({}), IsEmpty()) << "the session timeout is thirty seconds";
  EXPECT_TRUE(silent_.connected());
  EXPECT_EQ(Row(job_).activation, 0);
}

TEST_F(SweepingExecutors, OnlySaysWhichWhenRunDry) {
  EXPECT_THAT(Sweep({.threshold = absl::Seconds(10), .recovery_delay = {}, .dry_run = true}),
              SizeIs(1));
  EXPECT_TRUE(silent_.connected());
  silent_.Complete(job_);
  EXPECT_TRUE(Gone(job_));
}

TEST_F(SweepingExecutors, DelaysTheJobsAsTheOperatorSays) {
  Sweep({.threshold = absl::Seconds(10), .recovery_delay = absl::ZeroDuration()});
  EXPECT_EQ(Row(job_).run_at, queue_.now());
  EXPECT_THAT(Connect({"t"}, 1).Held(), ElementsAre(job_));
}

TEST_F(SweepingExecutors, IsAnsweredWhenItsWritesAreOnDisk) {
  queue_.store().HoldAnswers<RecordOutcomes>();
  queue_.store().HoldAnswers<EndSessions>();
  const queue::CallId call = queue_.Sweep(ten_seconds_);
  queue_.Settle();
  EXPECT_EQ(queue_.Executors(call), nullptr);
  queue_.store().Release<RecordOutcomes>();
  queue_.Settle();
  EXPECT_EQ(queue_.Executors(call), nullptr);
  queue_.store().Release<EndSessions>();
  queue_.Settle();
  ASSERT_NE(queue_.Executors(call), nullptr);
  EXPECT_THAT(queue_.Executors(call)->value(), SizeIs(1));
}

TEST_F(SweepingExecutors, IsRefusedWhileItCouldNotBeWritten) {
  queue_.StoreAway();
  const queue::CallId away = queue_.Sweep(ten_seconds_);
  queue_.Settle();
  EXPECT_EQ(queue_.Executors(away)->status(), DatabaseAway());
}

TEST_F(SweepingExecutors, LeavesTheAnswerToTheNextLeader) {
  queue_.store().HoldAnswers<RecordOutcomes>();
  const queue::CallId call = queue_.Sweep(ten_seconds_);
  queue_.Settle();
  queue_.Depose();
  EXPECT_EQ(queue_.Executors(call)->status(), NoLeader());
}

TEST_F(SweepingExecutors, CountsTheSilenceOfAnAwaitedSessionFromTheLeadersBeginning) {
  queue_.Depose();
  queue_.Lead();
  Advance(absl::Seconds(9));
  EXPECT_THAT(Sweep(ten_seconds_), IsEmpty());
  Advance(absl::Seconds(1));
  EXPECT_THAT(Sweep(ten_seconds_), SizeIs(1));
}

}  // namespace
}  // namespace leasehold::fake
