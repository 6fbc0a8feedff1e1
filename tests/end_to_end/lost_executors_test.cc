#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/tcp_proxy.h"

// What is promised when an executor dies, stops, or is out of reach.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr absl::Duration kHeartbeat = absl::Milliseconds(300);
constexpr absl::Duration kSessionTimeout = absl::Milliseconds(1500);
constexpr absl::Duration kResumeTimeout = absl::Seconds(1);
// Sweep interval and recovery delay.
constexpr absl::Duration kSweep = absl::Milliseconds(100 + 200);

class LostExecutorTest : public EndToEndTest {
 protected:
  explicit LostExecutorTest(std::vector<std::string> flags = {"--inbox-poll-interval=30s"})
      : EndToEndTest(std::move(flags)) {}
};

TEST_F(LostExecutorTest, GivesTheJobsOfAKilledOneToAnother) {
  auto options = Executor("lost");
  options.concurrency = 1;
  auto lost = std::make_unique<ExecutorProcess>(ledger_, options);
  Add({.task = "work", .payload = Payload(0, R"("hold":true)"), .queue = "q"});
  ASSERT_TRUE(ledger_.Await("start", 1));
  const std::string prefetched = Add({.task = "work", .payload = Payload(1)});
  ASSERT_THAT(Await(prefetched, client::JobState::kLeased).locked_by, StartsWith("lost"));
  ExecutorProcess other(ledger_, Executor("other"));
  const absl::Time killed = absl::Now();
  lost->Kill();
  ledger_.Release();
  ASSERT_TRUE(AwaitNoJobs());

  EXPECT_THAT(ledger_.Numbers("end"), ::testing::UnorderedElementsAre(0, 1));
  const std::vector<LedgerLine> starts = ledger_.Lines("start");
  ASSERT_EQ(starts.size(), 3u);
  for (size_t i = 1; i < starts.size(); ++i) {
    EXPECT_EQ(starts[i].executor, "other");
    EXPECT_EQ(starts[i].attempt, 1) << "the crash was counted as an attempt";
    EXPECT_GT(starts[i].fencing_number, starts[0].fencing_number);
    // As much again for a busy machine.
    EXPECT_LT(starts[i].time - killed, 2 * (kResumeTimeout + kSweep));
  }
  ExpectTotal(&client::Stats::swept_total, 2);
}

TEST_F(LostExecutorTest, TakesNothingFromOneThatWasSweptAndComesBack) {
  ExecutorProcess stopped(ledger_, Executor("stopped"));
  const std::string id = Add({.task = "work", .payload = Payload(0, R"("hold":true)")});
  ASSERT_TRUE(ledger_.Await("start", 1));
  stopped.Signal(SIGSTOP);
  ExecutorProcess other(ledger_, Executor("other"));
  ASSERT_TRUE(ledger_.Await("start", 2));
  EXPECT_THAT(Get(id).locked_by, StartsWith("other"));
  stopped.Signal(SIGCONT);
  ASSERT_TRUE(ledger_.Await("cancelled", 1));
  EXPECT_EQ(ledger_.Lines("cancelled")[0].executor, "stopped");
  ledger_.Release();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(0));
  ExpectTotal(&client::Stats::completed_total, 1);
  ExpectTotal(&client::Stats::swept_total, 1);
}

// The handler goes on, sees nothing, and reports success: by the unary call and on its stream.
TEST_F(LostExecutorTest, AnswersLeaseLostToAZombieAndLeavesTheNewLesseeAlone) {
  ExecutorProcess zombie(ledger_, Executor("zombie"));
  const std::string id =
      Add({.task = "work", .payload = Payload(0, R"("ms":3000,"stubborn":true,"unary":true)")});
  ASSERT_TRUE(ledger_.Await("start", 1));
  zombie.Signal(SIGSTOP);
  ExecutorProcess lessee(ledger_, Executor("lessee"));
  ASSERT_TRUE(ledger_.Await("start", 2));
  // Its time runs out while it is stopped: it completes as soon as it goes on.
  zombie.Signal(SIGCONT);
  ASSERT_TRUE(ledger_.Await("lost", 1));
  EXPECT_EQ(ledger_.Lines("lost")[0].executor, "zombie");
  const client::Job job = Get(id);
  EXPECT_EQ(job.state, client::JobState::kLeased);
  EXPECT_THAT(job.locked_by, StartsWith("lessee"));

  ASSERT_TRUE(AwaitNoJobs());
  const std::vector<LedgerLine> recorded = ledger_.Lines("recorded");
  ASSERT_EQ(recorded.size(), 1u);
  EXPECT_EQ(recorded[0].executor, "lessee");
  EXPECT_GT(recorded[0].fencing_number, ledger_.Lines("lost")[0].fencing_number);
  EXPECT_THAT(ledger_.Lines("cancelled"), IsEmpty());
  ExpectTotal(&client::Stats::completed_total, 1);
}

class PoisonJobTest : public LostExecutorTest {
 protected:
  PoisonJobTest() : LostExecutorTest({"--max-crashes=2"}) {}
};

TEST_F(PoisonJobTest, StopsAtItsAttemptsWhileOthersGoOn) {
  const std::string poison =
      Add({.task = "work", .payload = Payload(0, R"("crash":true)"), .max_attempts = 1});
  std::unique_ptr<ExecutorProcess> executor;
  int jobs = 0;
  // Somebody starts it again whenever it has died.
  const bool failed = Eventually([&] {
    if (executor == nullptr || !executor->running()) {
      executor = std::make_unique<ExecutorProcess>(ledger_, Executor());
      Add({.task = "work", .payload = Payload(++jobs)});
    }
    return Get(poison).state == client::JobState::kFailed;
  });
  ASSERT_TRUE(failed);
  EXPECT_THAT(Get(poison).last_error, HasSubstr("executor lost"));
  // The first crash is given back, the second one counts.
  size_t crashes = 0;
  for (const LedgerLine& line : ledger_.Lines("start")) crashes += line.n == 0 ? 1 : 0;
  EXPECT_EQ(crashes, 2u);
  executor = std::make_unique<ExecutorProcess>(ledger_, Executor());
  ASSERT_TRUE(Eventually([&] {
    const client::Stats stats = Stats();
    return stats.failed == 1 && stats.ready + stats.scheduled + stats.leased == 0;
  }));
  ASSERT_GE(jobs, 2);
  std::vector<int> ended = ledger_.Numbers("end");
  std::sort(ended.begin(), ended.end());
  ended.erase(std::unique(ended.begin(), ended.end()), ended.end());
  EXPECT_EQ(ended.size(), static_cast<size_t>(jobs)) << "the others were dragged along";
}

// An executor behind a network of its own.
class BrokenNetworkTest : public LostExecutorTest {
 protected:
  // Runs a job that waits for Release().
  std::unique_ptr<ExecutorProcess> Busy(const std::string& addresses) {
    auto options = Executor("far");
    options.address = addresses;
    auto executor = std::make_unique<ExecutorProcess>(ledger_, options);
    Add({.task = "work", .payload = Payload(0, R"("hold":true)")});
    EXPECT_TRUE(ledger_.Await("start", 1));
    return executor;
  }

  TcpProxy network_{server_.address()};
};

TEST_F(BrokenNetworkTest, GivesTheJobsOfAnExecutorThatIsNotHeardToAnother) {
  const auto far = Busy(network_.address());
  ExecutorProcess other(ledger_, Executor("other"));
  const absl::Time cut = absl::Now();
  network_.Stop(TcpProxy::kToServer);
  ASSERT_TRUE(ledger_.Await("start", 2));
  EXPECT_EQ(ledger_.Lines("start")[1].executor, "other");
  EXPECT_LT(ledger_.Lines("start")[1].time - cut, 2 * (kSessionTimeout + kSweep));

  network_.Heal();
  ASSERT_TRUE(ledger_.Await("cancelled", 1));
  EXPECT_EQ(ledger_.Lines("cancelled")[0].executor, "far");
  ledger_.Release();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(0));
  ExpectTotal(&client::Stats::swept_total, 1);
  ExpectTotal(&client::Stats::completed_total, 1);
}

TEST_F(BrokenNetworkTest, AnExecutorThatHearsNothingGoesOnAtAnotherAddress) {
  const auto far = Busy(network_.address() + "," + server_.address());
  network_.Stop(TcpProxy::kToClient);
  const absl::Time cut = absl::Now();
  // It says so after two heartbeats.
  ASSERT_TRUE(Eventually([&] { return far->Errors().find("nothing heard") != std::string::npos; }));
  EXPECT_LT(absl::Now() - cut, 3 * 2 * kHeartbeat);
  Add({.task = "work", .payload = Payload(1)});
  ASSERT_TRUE(ledger_.Await("end", 1)) << "it gets no jobs";
  ledger_.Release();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_EQ(ledger_.Lines("start").size(), 2u) << "a job ran twice";
  ExpectTotal(&client::Stats::swept_total, 0);
}

// With one address it can do nothing but try: its session goes on, and so do its jobs.
TEST_F(BrokenNetworkTest, AnExecutorThatHearsNothingReportsItsResultsAfterwards) {
  const auto far = Busy(network_.address());
  network_.Stop(TcpProxy::kToClient);
  ASSERT_TRUE(Eventually([&] { return far->Errors().find("nothing heard") != std::string::npos; }));
  ledger_.Release();
  ASSERT_TRUE(ledger_.Await("end", 1));
  network_.Heal();
  ASSERT_TRUE(AwaitNoJobs());
  ExpectTotal(&client::Stats::completed_total, 1);
}

TEST_F(BrokenNetworkTest, AnExecutorWhoseConnectionsAreCutResumesWithItsJobs) {
  const auto far = Busy(network_.address());
  for (int cuts = 0; cuts < 3; ++cuts) {
    network_.Reset();
    Add({.task = "work", .payload = Payload(1 + cuts)});
    ASSERT_TRUE(ledger_.Await("end", static_cast<size_t>(1 + cuts)));
  }
  ledger_.Release();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_EQ(ledger_.Lines("start").size(), 4u) << "a job ran twice";
  ExpectTotal(&client::Stats::swept_total, 0);
}

}  // namespace
}  // namespace leasehold::testing
