#include "server/base/errors.h"
#include "tests/queue/support/queue_test.h"

// Repeated requests, and jobs with keys.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RepeatedRequests : public QueueTest {};

TEST_F(RepeatedRequests, HaveTheFirstAnswerAgain) {
  const auto first = queue_.Add(AJob(), Request(1));
  queue_.Settle();
  const auto again = queue_.Add(AJob(), Request(1));
  queue_.Settle();
  EXPECT_EQ(AddedIn(first), AddedIn(again));
  EXPECT_EQ(tables_.jobs.size(), 1u);
}

TEST_F(RepeatedRequests, HaveTheFirstAnswerWhileItIsUnderWay) {
  queue_.store().HoldAnswers<AddJobs>();
  const auto first = queue_.Add(AJob(), Request(1));
  queue_.Settle();
  const auto again = queue_.Add(AJob(), Request(1));
  queue_.Settle();
  EXPECT_EQ(queue_.Added(again), nullptr);
  queue_.store().Release<AddJobs>();
  queue_.Settle();
  EXPECT_EQ(AddedIn(first), AddedIn(again));
  EXPECT_EQ(tables_.jobs.size(), 1u);
}

TEST_F(RepeatedRequests, WithAnotherBodyAreRefused) {
  queue_.Add(AJob(), Request(1));
  queue_.Settle();
  const auto other = queue_.Add(AJob(), Request(1, /*body=*/2));
  queue_.Settle();
  EXPECT_EQ(AddStatus(other), RequestIdReused());
}

TEST_F(RepeatedRequests, RunIfTheFirstDidNothing) {
  queue_.store().Fail<AddJobs>(absl::UnavailableError("away"));
  const auto first = queue_.Add(AJob(), Request(1));
  queue_.Settle();
  EXPECT_EQ(AddStatus(first), DatabaseAway());
  const auto again = queue_.Add(AJob(), Request(1));
  queue_.Settle();
  EXPECT_EQ(AddedIn(again).size(), 1u);
}

TEST_F(RepeatedRequests, ShareTheFailureOfTheFirst) {
  queue_.store().Hold<AddJobs>();
  const auto first = queue_.Add(AJob().Payload(kRefusedText), Request(1));
  queue_.Settle();
  const auto again = queue_.Add(AJob().Payload(kRefusedText), Request(1));
  queue_.store().Release<AddJobs>();
  queue_.Settle();
  EXPECT_TRUE(absl::IsInvalidArgument(AddStatus(first)));
  EXPECT_TRUE(absl::IsInvalidArgument(AddStatus(again)));
}

TEST_F(RepeatedRequests, HaveTheFirstAnswerFromTheNextLeader) {
  const auto first = queue_.Add(std::vector<NewJob>{AJob(), AJob()}, Request(1));
  queue_.Settle();
  QueueHarness next(tables_, {}, 2);
  next.SetNow(queue_.now() + absl::Seconds(1));
  next.Lead();
  const auto again = next.Add(std::vector<NewJob>{AJob(), AJob()}, Request(1));
  const auto other = next.Add(AJob(), Request(1, /*body=*/2));
  next.Settle();
  EXPECT_EQ(**next.Added(again), AddedIn(first));
  EXPECT_EQ(next.Added(other)->status(), RequestIdReused());
}

TEST_F(RepeatedRequests, AreForgottenAfterTenMinutes) {
  queue_.Add(AJob(), Request(1));
  queue_.Settle();
  Advance(absl::Minutes(11));
  const auto again = queue_.Add(AJob(), Request(1));
  queue_.Settle();
  EXPECT_THAT(AddedIn(again), ElementsAre(2));
}

TEST_F(RepeatedRequests, ToRemoveHaveTheFirstAnswerAgain) {
  const JobId job = Add(AJob().Key("k"));
  queue_.store().HoldAnswers<RemoveJob>();
  const auto first = queue_.Remove("k", Request(1));
  const auto meanwhile = queue_.Remove("k", Request(1));
  queue_.Settle();
  queue_.store().Release<RemoveJob>();
  queue_.Settle();
  const auto again = queue_.Remove("k", Request(1));
  queue_.Settle();
  for (const auto call : {first, meanwhile, again}) EXPECT_EQ(**queue_.Removed(call), job);
}

class JobsWithKeys : public QueueTest {};

TEST_F(JobsWithKeys, ReplaceTheUnleasedJob) {
  const JobId job = Add(AJob("a").Key("k"));
  EXPECT_EQ(Add(AJob("b").Key("k").Priority(3)), job);
  EXPECT_THAT(Connect({"a"}, 1).Came(), IsEmpty());
  EXPECT_THAT(Connect({"b"}, 1).Came(), ElementsAre(job));
}

TEST_F(JobsWithKeys, AreRankedAnewWhenReplaced) {
  FakeExecutor& executor = Connect({"t"}, 1);
  Add(AJob());
  const JobId keyed = Add(AJob().Key("k").In(absl::Hours(1)));
  const JobId plain = Add(AJob());
  EXPECT_EQ(Add(AJob().Key("k").Priority(-1)), keyed);
  executor.Came();
  EXPECT_THAT(RunAll(executor), ElementsAre(keyed, plain));
}

TEST_F(JobsWithKeys, KeepTheirTimeIfAskedTo) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().Key("k").In(absl::Minutes(1)));
  EXPECT_EQ(Add(AJob().Key("k", KeyMode::kPreserveRunAt)), job);
  EXPECT_THAT(executor.Came(), IsEmpty());
  Advance(absl::Minutes(1));
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(JobsWithKeys, RunBesideALeasedJobThatLosesItsKeyAndItsRetries) {
  FakeExecutor& executor = Connect();
  const JobId old = Add(AJob().Key("k"));
  const JobId fresh = Add(AJob().Key("k"));
  EXPECT_NE(old, fresh);
  EXPECT_THAT(executor.Held(), ElementsAre(old, fresh));
  executor.Fail(old);
  EXPECT_TRUE(Row(old).permanently_failed());
  Advance(absl::Hours(10));
  EXPECT_THAT(executor.Held(), ElementsAre(fresh));
}

TEST_F(JobsWithKeys, LeaveAnExistingJobAsItIsIfAskedTo) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().Key("k"));
  EXPECT_EQ(Add(AJob().Key("k", KeyMode::kUnsafeDedupe)), job);
  EXPECT_THAT(executor.Came(), ElementsAre(job));
  EXPECT_EQ(queue_.totals().leased, 1);
}

TEST_F(JobsWithKeys, AreRefusedIfTheyMustBeNew) {
  Add(AJob().Key("k"));
  const auto call = queue_.Add(AJob().Key("k", KeyMode::kReject));
  queue_.Settle();
  EXPECT_EQ(AddStatus(call), KeyExists());
}

TEST_F(JobsWithKeys, ReviveAPermanentlyFailedJob) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().Key("k"));
  executor.GiveUp(job);
  executor.Came();
  EXPECT_EQ(Add(AJob().Key("k")), job);
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(JobsWithKeys, GoInATransactionOfTheirOwn) {
  queue_.Add(AJob());
  queue_.Add(AJob().Key("k"));
  queue_.Add(AJob().Key("l"));
  queue_.Settle();
  EXPECT_EQ(queue_.store().Asked<AddJobs>().size(), 1u);
  EXPECT_EQ(queue_.store().Asked<AddKeyedJobs>().size(), 2u);
}

TEST_F(JobsWithKeys, AreTriedAgainWhileSomebodyHoldsTheRow) {
  const JobId job = Add(AJob().Key("k"));
  tables_.locked = {job};
  queue_.store().Forget();
  const auto call = queue_.Add(AJob().Key("k"));
  queue_.Settle();
  Advance(absl::Milliseconds(50 + 100 + 200));
  EXPECT_EQ(queue_.store().Asked<AddKeyedJobs>().size(), 4u);
  EXPECT_EQ(queue_.Added(call), nullptr);
  tables_.locked.clear();
  Advance(absl::Milliseconds(400));
  EXPECT_THAT(AddedIn(call), ElementsAre(job));
}

TEST_F(JobsWithKeys, AreGivenUpWhenSomebodyHoldsTheRowForHalfAMinute) {
  tables_.locked = {Add(AJob().Key("k"))};
  const auto call = queue_.Add(AJob().Key("k"));
  Advance(absl::Minutes(1));
  EXPECT_TRUE(absl::IsUnavailable(AddStatus(call)));
}

// Nobody may wait for the row behind one that does.
TEST_F(JobsWithKeys, DoNotWaitForOthersWhoseRowIsHeld) {
  tables_.locked = {Add(AJob().Key("k")), Add(AJob().Key("l")), Add(AJob().Key("m"))};
  for (const char* key : {"k", "l", "m"}) queue_.Add(AJob().Key(key));
  queue_.Settle();
  const JobId other = Add(AJob().Key("other"));
  EXPECT_EQ(Row(other).key, "other");
}

// A window may show the job before the answer to its adding comes.
TEST_F(JobsWithKeys, AreNotLeasedTwiceWhenTheAnswerComesLate) {
  queue_.store().HoldAnswers<AddKeyedJobs>();
  queue_.Add(AJob().Key("k"));
  queue_.Settle();
  FakeExecutor& executor = Connect();
  EXPECT_EQ(executor.Held().size(), 1u);
  queue_.store().Release<AddKeyedJobs>();
  queue_.Settle();
  EXPECT_EQ(queue_.totals().leased, 1);
  executor.CompleteAll();
  EXPECT_TRUE(tables_.jobs.empty());
}

class RemovingAJob : public QueueTest {};

TEST_F(RemovingAJob, DeletesAnUnleasedOne) {
  const JobId job = Add(AJob().Key("k"));
  const auto call = queue_.Remove("k");
  queue_.Settle();
  EXPECT_EQ(**queue_.Removed(call), job);
  EXPECT_TRUE(Gone(job));
  EXPECT_THAT(Connect().Came(), IsEmpty());
}

TEST_F(RemovingAJob, TakesItOutOfMemory) {
  FakeExecutor& executor = Connect({"t"}, 1);
  Add(AJob());
  Add(AJob().Key("k"));
  queue_.Remove("k");
  queue_.Settle();
  executor.Came();
  executor.CompleteAll();
  EXPECT_THAT(executor.Came(), IsEmpty());
}

TEST_F(RemovingAJob, LetsALeasedOneRunOnWithoutRetries) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().Key("k"));
  const auto call = queue_.Remove("k");
  queue_.Settle();
  EXPECT_EQ(**queue_.Removed(call), job);
  executor.Fail(job);
  EXPECT_TRUE(Row(job).permanently_failed());
}

TEST_F(RemovingAJob, SaysThatThereIsNone) {
  const auto call = queue_.Remove("k");
  queue_.Settle();
  EXPECT_TRUE(absl::IsNotFound(queue_.Removed(call)->status()));
}

}  // namespace
}  // namespace leasehold::fake
