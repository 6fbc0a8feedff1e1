#include "tests/queue/support/queue_test.h"

// Receipts: what was sent but never read comes back, and never more is unread than the window.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Receipts : public QueueTest {
 protected:
  // Lives, but never says what it read.
  FakeExecutor& Deaf(int window = 10) {
    FakeExecutor& executor = Connect({"t"}, window);
    executor.acknowledges = false;
    return executor;
  }
};

TEST_F(Receipts, AreAskedForAfterTheReceiptTimeout) {
  FakeExecutor& executor = Deaf();
  Add(AJob());
  Advance(absl::Seconds(9));
  EXPECT_EQ(executor.heartbeats_wanting_reply, 0);
  Advance(absl::Seconds(1) + absl::Milliseconds(1250));
  EXPECT_EQ(executor.heartbeats_wanting_reply, 1);
  EXPECT_THAT(executor.revoked, IsEmpty());
}

TEST_F(Receipts, ThatNeverComeTakeTheJobsBackWithoutAttemptOrCrash) {
  FakeExecutor& executor = Deaf();
  const JobId job = Add(AJob());
  const LeaseToken token = executor.Lease(job).token;
  executor.SetWindow(0);
  Advance(absl::Seconds(18));
  EXPECT_THAT(executor.revoked, ElementsAre(token));
  EXPECT_EQ(Row(job).activation, 1);
  EXPECT_EQ(Row(job).attempts, 0);
  EXPECT_EQ(Row(job).crashes, 0);
  EXPECT_EQ(queue_.totals().taken_back, 1);
  EXPECT_THAT(Connect().Held(), ElementsAre(job));
}

TEST_F(Receipts, AreOwedForAllFramesAtOnce) {
  FakeExecutor& executor = Deaf();
  for (int i = 0; i < 5; ++i) Add(AJob());
  executor.SetWindow(0);
  Advance(absl::Seconds(18));
  EXPECT_THAT(executor.revoked, SizeIs(5));
}

TEST_F(Receipts, MakeOutcomesOfJobsTakenBackLost) {
  FakeExecutor& executor = Deaf();
  const JobId job = Add(AJob());
  const Outcome outcome{executor.Lease(job).token, OutcomeKind::kComplete, "", false, {}, {}};
  executor.SetWindow(0);
  Advance(absl::Seconds(18));
  const auto call = queue_.Report({outcome});
  queue_.Settle();
  EXPECT_THAT(**queue_.Reported(call), ElementsAre(OutcomeResult::kLeaseLost));
  EXPECT_FALSE(Gone(job));
}

TEST_F(Receipts, ThatComeInTimeKeepTheJobs) {
  FakeExecutor& executor = Deaf();
  const JobId job = Add(AJob());
  Advance(absl::Seconds(12));
  executor.acknowledges = true;
  executor.SendFrame(queue::HeartbeatFrame{});
  Advance(absl::Minutes(2));
  EXPECT_THAT(executor.Held(), ElementsAre(job));
}

TEST_F(Receipts, OfAFrameHoldForAllBeforeIt) {
  FakeExecutor& executor = Deaf();
  Add(AJob());
  Add(AJob());
  executor.acknowledges = true;
  executor.SendFrame(queue::HeartbeatFrame{});
  Advance(absl::Minutes(1));
  EXPECT_THAT(executor.revoked, IsEmpty());
}

TEST_F(Receipts, OfFramesNeverSentEndTheStream) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob());
  queue_.Apply(queue::FrameReceived{1, {queue::HeartbeatFrame{}, 99}});
  queue_.Settle();
  EXPECT_TRUE(absl::IsInvalidArgument(executor.end()));
  // Nothing more is given to that stream.
  queue_.store().Forget();
  Add(AJob());
  EXPECT_EQ(queue_.totals().leased, 1);
  executor.Connect();
  EXPECT_EQ(executor.Held().size(), 2u);
  EXPECT_EQ(executor.Held()[0], job);
}

TEST_F(Receipts, AreNotNeededForJobsReportedStarted) {
  FakeExecutor& executor = Deaf();
  const JobId job = Add(AJob());
  executor.Start(job);
  Advance(absl::Minutes(1));
  EXPECT_THAT(executor.revoked, IsEmpty());
  executor.Complete(job);
  EXPECT_TRUE(Gone(job));
}

TEST_F(Receipts, AreForgivenWhileTheStoreIsAway) {
  FakeExecutor& executor = Deaf();
  const JobId job = Add(AJob());
  Advance(absl::Seconds(8));
  queue_.StoreAway();
  Advance(absl::Seconds(1));
  queue_.StoreBack();
  Advance(absl::Seconds(8));
  EXPECT_THAT(executor.revoked, IsEmpty());
  EXPECT_THAT(executor.Held(), ElementsAre(job));
}

class AWindow : public Receipts {};

TEST_F(AWindow, IsNeverExceededInCount) {
  FakeExecutor& executor = Deaf(5);
  AddMany(50, AJob());
  EXPECT_THAT(executor.Held(), SizeIs(5));
  executor.CompleteAll();
  EXPECT_THAT(executor.Held(), SizeIs(5));
}

TEST_F(AWindow, OfZeroTakesNothing) {
  FakeExecutor& executor = Connect({"t"}, 0);
  AddMany(3, AJob());
  EXPECT_THAT(executor.Held(), IsEmpty());
  executor.SetWindow(2);
  EXPECT_THAT(executor.Held(), SizeIs(2));
}

TEST_F(AWindow, ThatShrinksTakesNoMoreUntilThereIsRoom) {
  FakeExecutor& executor = Connect({"t"}, 4);
  AddMany(10, AJob());
  executor.SetWindow(2);
  executor.Came();
  executor.Complete(1);
  executor.Complete(2);
  EXPECT_THAT(executor.Came(), IsEmpty());
  executor.Complete(3);
  EXPECT_THAT(executor.Came(), SizeIs(1));
}

TEST_F(AWindow, IsNeverExceededInBytes) {
  ExecutorOptions options;
  options.window = 100;
  options.window_bytes = 10'000;
  const std::string payload = "\"" + std::string(3'000, 'x') + "\"";
  AddMany(50, AJob().Payload(payload));
  FakeExecutor& executor = Connect(options);
  executor.acknowledges = false;
  EXPECT_LE(executor.Held().size(), 3u);
  EXPECT_GE(executor.Held().size(), 1u);
  executor.acknowledges = true;
  Advance(absl::Seconds(20));
  EXPECT_THAT(executor.Held(), SizeIs(50));
}

TEST_F(AWindow, LetsOneJobThroughThatIsLargerThanItself) {
  ExecutorOptions options;
  options.window_bytes = 100;
  FakeExecutor& executor = Connect(options);
  const std::string payload = "\"" + std::string(3'000, 'x') + "\"";
  AddMany(3, AJob().Payload(payload));
  Advance(absl::Seconds(2));
  EXPECT_THAT(executor.Held(), SizeIs(3));
}

TEST_F(AWindow, IsSentInFramesOfBoundedSize) {
  FakeExecutor& executor = Connect({"t"}, 100);
  const int before = executor.frames();
  const std::string payload = "\"" + std::string(400'000, 'x') + "\"";
  AddMany(8, AJob().Payload(payload));
  Advance(absl::Seconds(1));
  EXPECT_THAT(executor.Held(), SizeIs(8));
  EXPECT_GE(executor.frames() - before, 4);
}

}  // namespace
}  // namespace leasehold::fake
