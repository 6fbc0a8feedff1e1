#include <gmock/gmock.h>

#include "server/base/errors.h"
#include "tests/queue/support/queue_test.h"

// What operators do to jobs.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

JobChange Complete(std::vector<JobId> ids) {
  return {.kind = JobChange::Kind::kComplete, .ids = std::move(ids)};
}

class ChangesTest : public QueueTest {
 protected:
  // What a change comes to, when all is answered.
  absl::StatusOr<std::vector<JobId>> Change(const JobChange& change,
                                            std::optional<RequestKey> request = std::nullopt) {
    return ChangedIn(Begin(change, request));
  }
  queue::CallId Begin(const JobChange& change, std::optional<RequestKey> request = std::nullopt) {
    const queue::CallId call = queue_.Change(change, request);
    queue_.Settle();
    return call;
  }
  absl::StatusOr<std::vector<JobId>> ChangedIn(queue::CallId call) {
    const auto* ids = queue_.Changed(call);
    return ids == nullptr ? absl::UnknownError("not answered") : *ids;
  }
};

class ChangingJobs : public ChangesTest {};

TEST_F(ChangingJobs, CompletesThoseThatAreNotLeased) {
  const JobId leased = Add(AJob("leased"));
  Connect({"leased"}, 1);
  const JobId ready = Add(AJob());
  const JobId later = Add(AJob().In(absl::Hours(1)));
  EXPECT_THAT(Change(Complete({later, 999, leased, ready})).value(), ElementsAre(ready, later));
  EXPECT_TRUE(Gone(ready));
  EXPECT_TRUE(Gone(later));
  EXPECT_FALSE(Gone(leased));
  EXPECT_THAT(Connect().Held(), IsEmpty());
}

TEST_F(ChangingJobs, RunsAtOnceWhatIsRescheduledToNow) {
  FakeExecutor& executor = Connect();
  const JobId id = Add(AJob().In(absl::Hours(1)));
  EXPECT_THAT(executor.Held(), IsEmpty());
  JobChange change{.kind = JobChange::Kind::kReschedule, .ids = {id}};
  change.delay = absl::ZeroDuration();
  EXPECT_THAT(Change(change).value(), ElementsAre(id));
  EXPECT_THAT(executor.Held(), ElementsAre(id));
}

TEST_F(ChangingJobs, CountsADelayFromTheCall) {
  const JobId id = Add(AJob());
  queue_.store().Hold<ChangeJobs>();
  JobChange change{.kind = JobChange::Kind::kReschedule, .ids = {id}};
  change.delay = absl::Minutes(1);
  const absl::Time called = queue_.now();
  Begin(change);
  Advance(absl::Seconds(5));
  queue_.store().Release<ChangeJobs>();
  queue_.Settle();
  EXPECT_EQ(Row(id).run_at, called + absl::Minutes(1));
}

TEST_F(ChangingJobs, RevivesAJobThatHasPermanentlyFailed) {
  FakeExecutor& executor = Connect();
  const JobId id = Add(AJob());
  executor.GiveUp(id);
  ASSERT_TRUE(Row(id).permanently_failed());
  executor.Came();
  JobChange change{.kind = JobChange::Kind::kReschedule, .ids = {id}, .attempts = 0};
  change.run_at = queue_.now();
  EXPECT_THAT(Change(change).value(), ElementsAre(id));
  EXPECT_THAT(executor.Came(), ElementsAre(id));
}

TEST_F(ChangingJobs, RunsNoJobThatWasFailed) {
  const JobId id = Add(AJob());
  JobChange change{.kind = JobChange::Kind::kFail, .ids = {id}, .error = "no"};
  EXPECT_THAT(Change(change).value(), ElementsAre(id));
  EXPECT_THAT(Connect().Held(), IsEmpty());
  EXPECT_EQ(Row(id).last_error, "no");
}

TEST_F(ChangingJobs, HaveTheFirstAnswerAgain) {
  const JobId id = Add(AJob());
  EXPECT_THAT(Change(Complete({id}), Request(1)).value(), ElementsAre(id));
  EXPECT_THAT(Change(Complete({id}), Request(1)).value(), ElementsAre(id));
  EXPECT_EQ(Change(Complete({id}), Request(1, /*body=*/2)).status(), RequestIdReused());
}

TEST_F(ChangingJobs, HaveTheFirstAnswerWhileItIsUnderWay) {
  const JobId id = Add(AJob());
  queue_.store().HoldAnswers<ChangeJobs>();
  const auto first = Begin(Complete({id}), Request(1));
  const auto again = Begin(Complete({id}), Request(1));
  EXPECT_EQ(queue_.Changed(again), nullptr);
  queue_.store().Release<ChangeJobs>();
  queue_.Settle();
  EXPECT_THAT(ChangedIn(first).value(), ElementsAre(id));
  EXPECT_THAT(ChangedIn(again).value(), ElementsAre(id));
}

TEST_F(ChangingJobs, HaveTheFirstAnswerFromTheNextLeader) {
  const JobId id = Add(AJob());
  const JobId none = 999;
  EXPECT_THAT(Change(Complete({id}), Request(1)).value(), ElementsAre(id));
  EXPECT_THAT(Change(Complete({none}), Request(2)).value(), IsEmpty());
  queue_.Depose();
  queue_.Lead();
  EXPECT_THAT(Change(Complete({id}), Request(1)).value(), ElementsAre(id));
  EXPECT_THAT(Change(Complete({none}), Request(2)).value(), IsEmpty());
}

TEST_F(ChangingJobs, WaitForWhoeverHoldsARow) {
  const JobId id = Add(AJob());
  tables_.locked = {id};
  const auto call = Begin(Complete({id}));
  Advance(absl::Seconds(20));
  EXPECT_EQ(queue_.Changed(call), nullptr);
  tables_.locked.clear();
  Advance(absl::Seconds(2));
  EXPECT_THAT(ChangedIn(call).value(), ElementsAre(id));
}

TEST_F(ChangingJobs, AreGivenUpAfterHalfAMinuteWithNothingDone) {
  const JobId id = Add(AJob());
  const JobId other = Add(AJob());
  tables_.locked = {id};
  const auto call = Begin(Complete({id, other}), Request(1));
  Advance(absl::Seconds(25));
  EXPECT_EQ(queue_.Changed(call), nullptr);
  Advance(absl::Seconds(15));
  EXPECT_EQ(ReasonOf(ChangedIn(call).status()), "JOB_LOCKED");
  EXPECT_TRUE(RetryDelayOf(ChangedIn(call).status()).has_value());
  EXPECT_FALSE(Gone(other));
  tables_.locked.clear();
  EXPECT_THAT(Change(Complete({id, other}), Request(1)).value(), ElementsAre(id, other));
}

TEST_F(ChangingJobs, AreRefusedWhileTheStoreIsAwayOrTheServerDrains) {
  const JobId id = Add(AJob());
  queue_.StoreAway();
  EXPECT_EQ(Change(Complete({id})).status(), DatabaseAway());
  queue_.StoreBack();
  queue_.BeginDrain();
  EXPECT_EQ(Change(Complete({id})).status(), Draining());
  queue_.Depose();
  EXPECT_EQ(Change(Complete({id})).status(), NoLeader());
}

class ForceUnlock : public ChangesTest {
 protected:
  JobChange Of(const FakeExecutor& executor) {
    return {.kind = JobChange::Kind::kUnlock,
            .ids = {},
            .executor_ids = {"nobody", executor.opened()->executor_id}};
  }
};

TEST_F(ForceUnlock, LetsTheJobRunElsewhereAndTakesNothingFromItsHolder) {
  FakeExecutor& holder = Connect({"t"}, 1);
  const JobId id = Add(AJob());
  holder.Start(id);
  FakeExecutor& other = Connect({"t"}, 1);
  holder.SetWindow(0);

  EXPECT_THAT(Change(Of(holder)).value(), ElementsAre(id));

  EXPECT_THAT(other.Held(), ElementsAre(id));
  EXPECT_THAT(holder.cancelled, SizeIs(1));
  const int64_t sequence = holder.Send({holder.Ended(id, OutcomeKind::kComplete)});
  queue_.Settle();
  EXPECT_THAT(holder.recorded.at(sequence), SizeIs(1));
  EXPECT_FALSE(Gone(id));
  EXPECT_EQ(Row(id).attempts, 0);
  EXPECT_EQ(Row(id).crashes, 0);
  other.Complete(id);
  EXPECT_TRUE(Gone(id));
}

TEST_F(ForceUnlock, OfAnUnknownExecutorChangesNothing) {
  FakeExecutor& holder = Connect({"t"}, 1);
  const JobId id = Add(AJob());
  EXPECT_THAT(
      Change({.kind = JobChange::Kind::kUnlock, .ids = {}, .executor_ids = {"nobody"}}).value(),
      IsEmpty());
  holder.Complete(id);
  EXPECT_TRUE(Gone(id));
}

}  // namespace
}  // namespace leasehold::fake
