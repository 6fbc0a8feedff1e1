#include "server/base/errors.h"
#include "tests/queue/support/queue_test.h"

// The clock of the jobs, which tests of users move. What guards executors must not notice.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

queue::QueueOptions Movable() {
  queue::QueueOptions options;
  options.clock_may_move = true;
  options.window_rows = 10;
  return options;
}

class AMovedClock : public QueueTest {
 protected:
  AMovedClock() : QueueTest(Movable()) {}

  absl::Time Move(absl::Duration by) {
    const auto* now = queue_.MoveClock(by);
    if (now != nullptr && now->ok()) return **now;
    ADD_FAILURE() << (now == nullptr ? "not answered" : now->status().ToString());
    return absl::InfinitePast();
  }
  absl::StatusCode Refusal(absl::Duration by) { return queue_.MoveClock(by)->status().code(); }
};

TEST_F(AMovedClock, SaysItsTime) {
  EXPECT_EQ(Move(absl::Hours(2)), queue_.now() + absl::Hours(2));
  EXPECT_EQ(Move(absl::Hours(1)), queue_.now() + absl::Hours(3));
  EXPECT_EQ(Move(absl::ZeroDuration()), queue_.now() + absl::Hours(3));
}

TEST_F(AMovedClock, MakesJobsDueAtOnceAndNoneBeforeItsTime) {
  FakeExecutor& executor = Connect();
  const JobId early = Add(AJob().In(absl::Hours(1)));
  const JobId late = Add(AJob().In(absl::Hours(2)));
  Move(absl::Hours(2) - absl::Seconds(1));
  EXPECT_THAT(executor.Came(), ElementsAre(early));
  Advance(absl::Seconds(1));
  EXPECT_THAT(executor.Came(), ElementsAre(late));
}

TEST_F(AMovedClock, GoesOnAtItsPace) {
  Move(absl::Hours(1));
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().In(absl::Seconds(30)));
  EXPECT_EQ(Row(job).run_at, queue_.now() + absl::Hours(1) + absl::Seconds(30));
  Advance(absl::Seconds(29));
  EXPECT_THAT(executor.Came(), IsEmpty());
  Advance(absl::Seconds(1));
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(AMovedClock, CountsTheDelayOfAJobWithAKeyFromItself) {
  Move(absl::Hours(1));
  const JobId job = Add(AJob().In(absl::Minutes(1)).Key("k"));
  EXPECT_EQ(Row(job).run_at, queue_.now() + absl::Hours(1) + absl::Minutes(1));
}

TEST_F(AMovedClock, MakesABacklogLargerThanMemoryDueInItsOrder) {
  std::vector<JobId> jobs;
  for (int i = 0; i < 50; ++i) jobs.push_back(Add(AJob().In(absl::Minutes(i + 1))));
  FakeExecutor& executor = Connect({"t"}, 1);
  Advance(absl::Seconds(1));
  Move(absl::Hours(1));
  EXPECT_EQ(RunAll(executor), jobs);
}

TEST_F(AMovedClock, MakesTheFirstJobOfASerialQueueTheOneThatIsDueNow) {
  const JobId later = Add(AJob().Queue("q").In(absl::Minutes(2)));
  const JobId first = Add(AJob().Queue("q").Priority(-1).In(absl::Hours(1)));
  for (int i = 0; i < 30; ++i) Add(AJob().Priority(-1).In(absl::Minutes(1)));
  Connect({"t"}, 1).SetWindow(0);
  FakeExecutor& executor = Connect({"t"}, 100);
  Advance(absl::Seconds(1));
  Move(absl::Hours(1));
  std::vector<JobId> ran = RunAll(executor);
  std::erase_if(ran, [&](JobId id) { return id != later && id != first; });
  EXPECT_THAT(ran, ElementsAre(first, later));
}

TEST_F(AMovedClock, MakesRetriesDueUntilTheAttemptsAreUsedUp) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  for (int attempt = 1; attempt <= 25; ++attempt) {
    ASSERT_THAT(executor.Came(), ElementsAre(job)) << attempt;
    executor.Fail(job);
    EXPECT_EQ(Row(job).attempts, attempt);
    EXPECT_THAT(executor.Came(), IsEmpty());
    Move(absl::Hours(7));
  }
  EXPECT_TRUE(Row(job).permanently_failed());
  EXPECT_THAT(executor.Came(), IsEmpty());
}

TEST_F(AMovedClock, CountsBackOffFromItself) {
  FakeExecutor& executor = Connect();
  Move(absl::Hours(1));
  const JobId job = Add(AJob());
  executor.Fail(job);
  EXPECT_GT(Row(job).run_at, queue_.now() + absl::Hours(1) + absl::Seconds(2));
  EXPECT_LT(Row(job).run_at, queue_.now() + absl::Hours(1) + absl::Seconds(3));
}

TEST_F(AMovedClock, MakesTheJobsOfALostExecutorDueAfterTheirRecoveryDelay) {
  FakeExecutor& lost = Connect();
  const JobId job = Add(AJob());
  lost.Start(job);
  Move(absl::Hours(1));
  lost.Break(/*visibly=*/true);
  FakeExecutor& executor = Connect();
  Advance(absl::Seconds(11));
  EXPECT_GT(Row(job).run_at, queue_.now() + absl::Hours(1));
  EXPECT_THAT(executor.Came(), IsEmpty());
  Move(absl::Seconds(5));
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(AMovedClock, LeavesExecutorsTheirSessionsAndLeases) {
  FakeExecutor& running = Connect();
  const JobId job = Add(AJob());
  running.Start(job);
  FakeExecutor& silent = Connect({"u"}, 10);
  const JobId unstarted = Add(AJob("u"));
  silent.beats = false;
  FakeExecutor& away = Connect({"v"}, 10);
  const JobId kept = Add(AJob("v"));
  away.Break(/*visibly=*/true);
  const int frames = running.frames() + silent.frames();
  Move(absl::Hours(24) * 365);
  Advance(absl::Seconds(1));
  EXPECT_EQ(queue_.totals().swept, 0);
  EXPECT_EQ(running.frames() + silent.frames(), frames) << "a heartbeat, a recall, a revocation";
  away.Connect();
  EXPECT_THAT(away.opened()->lost_tokens, IsEmpty());
  EXPECT_THAT(away.Held(), ElementsAre(kept));
  running.Complete(job);
  silent.Complete(unstarted);
  EXPECT_TRUE(Gone(job) && Gone(unstarted));
  EXPECT_EQ(queue_.totals().lease_lost, 0);
}

TEST_F(AMovedClock, LosesASilentExecutorAfterTheSessionTimeoutAllTheSame) {
  FakeExecutor& silent = Connect();
  const JobId job = Add(AJob());
  silent.Start(job);
  silent.beats = false;
  Move(absl::Hours(1));
  Advance(absl::Seconds(29));
  EXPECT_EQ(Row(job).activation, 0);
  Advance(absl::Seconds(2));
  EXPECT_EQ(Row(job).activation, 1);
  EXPECT_EQ(queue_.totals().swept, 1);
}

TEST_F(AMovedClock, LosesAnExecutorWhoseConnectionEndedAfterTheResumeTimeoutAllTheSame) {
  FakeExecutor& away = Connect();
  const JobId job = Add(AJob());
  away.Break(/*visibly=*/true);
  Move(absl::Hours(1));
  Advance(absl::Seconds(9));
  EXPECT_EQ(Row(job).activation, 0);
  Advance(absl::Seconds(3));
  EXPECT_EQ(Row(job).activation, 1);
}

TEST_F(AMovedClock, AsksForReceiptsWhenTheyAreLate) {
  FakeExecutor& deaf = Connect();
  deaf.acknowledges = false;
  const JobId job = Add(AJob());
  Move(absl::Hours(1));
  Advance(absl::Seconds(9));
  EXPECT_EQ(deaf.heartbeats_wanting_reply, 0);
  Advance(absl::Seconds(3));
  EXPECT_EQ(deaf.heartbeats_wanting_reply, 1);
  Move(absl::Hours(1));
  EXPECT_THAT(deaf.revoked, IsEmpty());
  Advance(absl::Seconds(7));
  EXPECT_THAT(deaf.revoked, SizeIs(1));
  EXPECT_EQ(Row(job).activation, 1);
}

TEST_F(AMovedClock, RecallsUnstartedJobsAfterTheirMinute) {
  FakeExecutor& executor = Connect();
  AddMany(2, AJob());
  Move(absl::Hours(1));
  Advance(absl::Seconds(55));
  EXPECT_THAT(executor.recalled, IsEmpty());
  Advance(absl::Seconds(10));
  EXPECT_THAT(executor.recalled, SizeIs(2));
}

TEST_F(AMovedClock, StillAwaitsTheSessionsOfTheLeaderBefore) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  queue_.Depose();
  queue_.Lead();
  Move(absl::Hours(1));
  Advance(absl::Seconds(1));
  EXPECT_EQ(queue_.totals().swept, 0);
  EXPECT_NE(queue_.core().AwaitsSessionsUntil(), absl::InfiniteFuture());
  executor.Connect();
  EXPECT_THAT(executor.Held(), ElementsAre(job));
}

TEST_F(AMovedClock, StillKnowsWhatItAnsweredAndWhatEnded) {
  const queue::CallId call = queue_.Add(AJob(), Request(1));
  queue_.Settle();
  const JobId job = AddedIn(call).at(0);
  FakeExecutor& executor = Connect();
  const Outcome outcome{executor.Lease(job).token, OutcomeKind::kComplete, "", false, {}, {}};
  executor.Complete(job);
  Move(absl::Hours(1));
  Advance(absl::Seconds(2));
  const queue::CallId again = queue_.Add(AJob(), Request(1));
  const queue::CallId reported = queue_.Report({outcome});
  queue_.Settle();
  EXPECT_THAT(AddedIn(again), ElementsAre(job));
  EXPECT_THAT(**queue_.Reported(reported), ElementsAre(OutcomeResult::kRecorded));
}

TEST_F(AMovedClock, StaysMovedWhileTheDatabaseIsAway) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().In(absl::Hours(2)));
  Move(absl::Hours(1));
  queue_.StoreAway();
  Advance(absl::Seconds(1));
  Move(absl::Hours(1));
  queue_.StoreBack();
  Advance(absl::Seconds(1));
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(AMovedClock, FindsJobsThatAreDueWhileALeaseIsUnderWay) {
  FakeExecutor& executor = Connect({"t"}, 100);
  queue_.store().HoldAnswers<LeaseJobs>();
  queue_.store().HoldAnswers<LeaseWindow>();
  std::vector<JobId> jobs = AddMany(20, AJob().Queue("q"));
  jobs.push_back(Add(AJob().In(absl::Hours(1))));
  Move(absl::Hours(1));
  queue_.store().Release<LeaseJobs>();
  queue_.store().Release<LeaseWindow>();
  queue_.Settle();
  EXPECT_THAT(RunAll(executor), SizeIs(jobs.size()));
}

TEST_F(AMovedClock, NeverRunsBackwardsNorOutOfTheCalendar) {
  EXPECT_EQ(Refusal(-absl::Nanoseconds(1)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Refusal(absl::InfiniteDuration()), absl::StatusCode::kInvalidArgument);
  Move(absl::Hours(24) * 365'000);
  EXPECT_EQ(Refusal(absl::Seconds(1)), absl::StatusCode::kInvalidArgument);
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().In(absl::Hours(24) * 365'000));
  EXPECT_LT(Row(job).run_at, absl::FromUnixSeconds(253'402'300'799));
  executor.Came();
}

class AFixedClock : public QueueTest {};

TEST_F(AFixedClock, IsNotMoved) {
  FakeExecutor& executor = Connect();
  Add(AJob().In(absl::Seconds(10)));
  const absl::Status refused = queue_.MoveClock(absl::Hours(1))->status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), "CLOCK_FIXED");
  EXPECT_THAT(executor.Came(), IsEmpty());
}

TEST_F(AMovedClock, IsAskedOfTheLeaderOnly) {
  queue_.Depose();
  EXPECT_EQ(ReasonOf(queue_.MoveClock(absl::Hours(1))->status()), "NO_LEADER");
  queue_.Lead();
  EXPECT_EQ(Move(absl::ZeroDuration()), queue_.now());
}

}  // namespace
}  // namespace leasehold::fake
