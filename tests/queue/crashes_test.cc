#include <cmath>

#include "tests/queue/support/queue_test.h"

// What becomes of the jobs of an executor that is lost.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ACrash : public QueueTest {
 protected:
  // The executor dies, and the server sees its connection end.
  void Crash(FakeExecutor& executor) {
    executor.Break(/*visibly=*/true);
    Advance(absl::Seconds(11));
  }
  // An executor takes the job, starts it and dies.
  void RunAndCrash(JobId job) {
    FakeExecutor& executor = Connect();
    ASSERT_THAT(executor.Held(), ElementsAre(job));
    executor.Start(job);
    Crash(executor);
  }
};

TEST_F(ACrash, GivesTheAttemptBackAndDelaysTheJob) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  executor.Start(job);
  executor.Break(/*visibly=*/true);
  const absl::Time lost = queue_.now() + absl::Seconds(10);
  Advance(absl::Seconds(11));
  EXPECT_EQ(Row(job).attempts, 0);
  EXPECT_EQ(Row(job).crashes, 1);
  EXPECT_GE(Row(job).run_at, lost + absl::Seconds(5));
  EXPECT_LE(Row(job).run_at, lost + absl::Seconds(6));
  EXPECT_EQ(queue_.totals().swept, 1);
}

TEST_F(ACrash, CountsOnlyForStartedJobs) {
  FakeExecutor& executor = Connect();
  const std::vector<JobId> jobs = AddMany(2, AJob());
  executor.Start(jobs[0]);
  Crash(executor);
  EXPECT_EQ(Row(jobs[0]).crashes, 1);
  EXPECT_EQ(Row(jobs[1]).crashes, 0);
}

TEST_F(ACrash, DelaysLongerEachTimeFiveMinutesAtMost) {
  const JobId job = Add(AJob());
  tables_.jobs.at(job).crashes = 1;
  RunAndCrash(job);
  EXPECT_EQ(Row(job).crashes, 2);
  EXPECT_GT(Row(job).run_at, queue_.now() + absl::Seconds(8));
  EXPECT_LE(Row(job).run_at, queue_.now() + absl::Seconds(10));
}

TEST_F(ACrash, CountsAsAFailedAttemptFromTheThirdInARow) {
  const JobId job = Add(AJob().Attempts(2));
  for (int crash = 1; crash <= 2; ++crash) {
    RunAndCrash(job);
    EXPECT_EQ(Row(job).attempts, 0);
    Advance(absl::Seconds(20));
  }
  RunAndCrash(job);
  EXPECT_EQ(Row(job).attempts, 1);
  EXPECT_EQ(Row(job).last_error, "executor lost");
  Advance(absl::Seconds(20));
  RunAndCrash(job);
  EXPECT_TRUE(Row(job).permanently_failed());
}

TEST_F(ACrash, IsForgottenWhenTheJobHasEndedOnce) {
  const JobId job = Add(AJob());
  RunAndCrash(job);
  Advance(absl::Seconds(10));
  FakeExecutor& executor = Connect();
  executor.Fail(job);
  EXPECT_EQ(Row(job).crashes, 0);
}

TEST_F(ACrash, ReleasesItsSerialQueue) {
  FakeExecutor& executor = Connect({"t"}, 10);
  const std::vector<JobId> jobs = AddMany(2, AJob().Queue("q"));
  executor.Start(jobs[0]);
  Crash(executor);
  EXPECT_THAT(Connect().Held(), ElementsAre(jobs[1]));
}

TEST_F(ACrash, LeavesNothingOfTheOldLease) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  const Outcome outcome{executor.Lease(job).token, OutcomeKind::kComplete, "", false, {}, {}};
  Crash(executor);
  const auto call = queue_.Report({outcome});
  queue_.Settle();
  EXPECT_THAT(**queue_.Reported(call), ElementsAre(OutcomeResult::kLeaseLost));
  EXPECT_FALSE(Gone(job));
}

// If another leads by then, the lease may be as good as ever.
TEST_F(ACrash, SaysThatALeaseIsLostOnlyWhenThatIsOnDisk) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  const Outcome outcome{executor.Lease(job).token, OutcomeKind::kComplete, "", false, {}, {}};
  queue_.store().Hold<RecordOutcomes>();
  Crash(executor);
  const auto call = queue_.Report({outcome});
  const auto another = queue_.Report({outcome});
  queue_.Settle();
  EXPECT_EQ(queue_.Reported(call), nullptr);
  queue_.store().Release<RecordOutcomes>();
  queue_.Settle();
  EXPECT_THAT(**queue_.Reported(call), ElementsAre(OutcomeResult::kLeaseLost));
  EXPECT_THAT(**queue_.Reported(another), ElementsAre(OutcomeResult::kLeaseLost));
}

TEST_F(ACrash, KeepsAnOutcomeThatWasReportedBefore) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  queue_.store().Hold<RecordOutcomes>();
  executor.Complete(job);
  Crash(executor);
  queue_.store().Release<RecordOutcomes>();
  queue_.Settle();
  EXPECT_TRUE(Gone(job));
  EXPECT_EQ(tables_.completed.at(job), 1);
}

class APoisonJob : public ACrash {
 protected:
  // A job with a crash behind it.
  JobId AddPoison() {
    const JobId job = AddBySql(tables_, AJob(), queue_.now());
    tables_.jobs.at(job).crashes = 1;
    queue_.InboxFilled();
    Advance(absl::Milliseconds(1));
    return job;
  }
};

TEST_F(APoisonJob, IsLeasedAloneInItsSessionsWindow) {
  const JobId poison = AddPoison();
  Add(AJob());
  FakeExecutor& executor = Connect({"t"}, 10);
  EXPECT_THAT(executor.Held(), ElementsAre(poison));
  executor.Complete(poison);
  EXPECT_THAT(executor.Held(), SizeIs(1));
}

TEST_F(APoisonJob, WaitsUntilItsSessionIsEmpty) {
  FakeExecutor& executor = Connect({"t"}, 10);
  const JobId plain = Add(AJob());
  const JobId poison = AddPoison();
  Add(AJob());
  EXPECT_THAT(executor.Held(), ElementsAre(plain));
  executor.Complete(plain);
  EXPECT_THAT(executor.Held(), ElementsAre(poison));
}

TEST_F(APoisonJob, DoesNotWaitForABusySessionWhileAnotherIsEmpty) {
  FakeExecutor& busy = Connect({"t"}, 10);
  Add(AJob());
  const JobId poison = AddPoison();
  EXPECT_THAT(busy.Held(), SizeIs(1));
  FakeExecutor& idle = Connect({"t"}, 10);
  EXPECT_THAT(idle.Held(), ElementsAre(poison));
}

TEST_F(APoisonJob, IsLeftToOthersByASessionThatDrains) {
  FakeExecutor& other = Connect({"t"}, 1);
  Add(AJob());
  FakeExecutor& leaving = Connect({"t"}, 10);
  Add(AJob());
  const JobId poison = AddPoison();
  leaving.Drain();
  other.CompleteAll();
  EXPECT_THAT(other.Held(), ElementsAre(poison));
}

TEST_F(APoisonJob, IsLeftToOthersByASessionWhoseStreamBreaks) {
  FakeExecutor& other = Connect({"t"}, 1);
  Add(AJob());
  FakeExecutor& broken = Connect({"t"}, 10);
  Add(AJob());
  const JobId poison = AddPoison();
  broken.Break(/*visibly=*/false);
  other.CompleteAll();
  EXPECT_THAT(other.Held(), ElementsAre(poison));
}

TEST_F(APoisonJob, IsAloneAfterATakeoverToo) {
  const JobId poison = AddPoison();
  FakeExecutor& executor = Connect({"t"}, 10);
  EXPECT_THAT(executor.Held(), ElementsAre(poison));
  Add(AJob());
  queue_.Depose();
  queue_.Lead();
  executor.Connect();
  Advance(absl::Seconds(1));
  EXPECT_THAT(executor.Held(), ElementsAre(poison));
  executor.Complete(poison);
  EXPECT_THAT(executor.Held(), SizeIs(1));
}

}  // namespace
}  // namespace leasehold::fake
