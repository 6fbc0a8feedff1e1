#include "server/base/errors.h"
#include "tests/queue/support/queue_test.h"

// A new leader begins with the newest part of the journal: what only the older part can know waits
// for that, everything else does not.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ALongJournal : public QueueTest {
 protected:
  ALongJournal() { tables_.recent_journal = 1; }

  // The first leader is gone without a word; the next one has not read the older part yet.
  void TakeOver() {
    next_.SetNow(queue_.now());
    queue_.store().Drop();
    next_.store().HoldAnswers<LoadJournal>();
    next_.Lead();
  }
  void ReadTheRest() {
    next_.store().Release<LoadJournal>();
    next_.Settle();
  }
  JobId AddAs(uint8_t request) {
    const auto call = queue_.Add(AJob(), Request(request));
    queue_.Settle();
    return AddedIn(call).at(0);
  }
  Outcome Completed(FakeExecutor& executor, JobId job) {
    Outcome outcome;
    outcome.token = executor.Lease(job).token;
    executor.Complete(job);
    return outcome;
  }

  QueueHarness next_{tables_, {}, 2};
};

TEST_F(ALongJournal, KeepsNoJobFromBeingLeased) {
  AddAs(1);
  AddAs(2);
  TakeOver();
  FakeExecutor& executor = executors_.emplace_back(next_, ExecutorOptions{});
  executor.Connect(next_);
  next_.Settle();
  EXPECT_THAT(executor.Held(), ElementsAre(1, 2));
}

TEST_F(ALongJournal, AnswersARequestOfItsOlderPartAsTheFirstTime) {
  const JobId old = AddAs(1);
  const JobId recent = AddAs(2);
  TakeOver();
  const auto again_recent = next_.Add(AJob(), Request(2));
  const auto again_old = next_.Add(AJob(), Request(1));
  const auto fresh = next_.Add(AJob(), Request(3));
  const auto nameless = next_.Add(AJob());
  next_.Settle();
  EXPECT_THAT(**next_.Added(again_recent), ElementsAre(recent));
  EXPECT_TRUE(next_.Added(nameless)->ok());
  EXPECT_EQ(next_.Added(again_old), nullptr);
  EXPECT_EQ(next_.Added(fresh), nullptr);
  ReadTheRest();
  EXPECT_THAT(**next_.Added(again_old), ElementsAre(old));
  EXPECT_TRUE(next_.Added(fresh)->ok());
  EXPECT_EQ(tables_.jobs.size(), 4u);
}

TEST_F(ALongJournal, KnowsTheOutcomesOfItsOlderPart) {
  FakeExecutor& executor = Connect({"t"}, 10);
  const JobId first = Add(AJob());
  const JobId second = Add(AJob());
  const Outcome old = Completed(executor, first);
  const Outcome recent = Completed(executor, second);
  TakeOver();
  const auto again_recent = next_.Report({recent});
  const auto again_old = next_.Report({old});
  next_.Settle();
  EXPECT_THAT(**next_.Reported(again_recent), ElementsAre(OutcomeResult::kRecorded));
  EXPECT_EQ(next_.Reported(again_old), nullptr);
  ReadTheRest();
  EXPECT_THAT(**next_.Reported(again_old), ElementsAre(OutcomeResult::kRecorded));
}

TEST_F(ALongJournal, LetsASessionWaitWhoseTokenOnlyTheOlderPartKnows) {
  FakeExecutor& executor = Connect({"t"}, 10);
  const JobId first = Add(AJob());
  const JobId second = Add(AJob());
  const LeaseToken token = executor.Lease(first).token;
  executor.Complete(first);
  executor.Complete(second);
  TakeOver();
  // It has not heard that its outcome was recorded.
  queue::OpenFrame open;
  open.executor_name = "executor";
  open.session_id = executor.session_id();
  open.held = {token};
  open.tasks = {"t"};
  next_.OpenStream(executor, open);
  next_.Settle();
  EXPECT_THAT(executor.opened()->resumed_tokens, IsEmpty());
  ReadTheRest();
  EXPECT_THAT(executor.opened()->resumed_tokens, ElementsAre(token.Encode()));
}

TEST_F(ALongJournal, IsReadAgainIfThatFails) {
  const JobId old = AddAs(1);
  AddAs(2);
  next_.SetNow(queue_.now());
  queue_.store().Drop();
  next_.store().Fail<LoadJournal>(absl::InternalError("out of memory"), 2);
  next_.Lead();
  const auto again = next_.Add(AJob(), Request(1));
  next_.Settle();
  EXPECT_EQ(next_.Added(again), nullptr);
  next_.Advance(absl::Seconds(1));
  EXPECT_THAT(**next_.Added(again), ElementsAre(old));
}

TEST_F(ALongJournal, IsNotWaitedForByALeaderThatIsDeposed) {
  AddAs(1);
  AddAs(2);
  TakeOver();
  const auto call = next_.Add(AJob(), Request(1));
  next_.Settle();
  next_.Depose();
  EXPECT_EQ(next_.Added(call)->status(), NoLeader());
}

}  // namespace
}  // namespace leasehold::fake
