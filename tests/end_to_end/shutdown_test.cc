#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/load.h"

// What is promised when something is asked to stop.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Stopwatch {
 public:
  absl::Duration Elapsed() const {
    return absl::FromChrono(std::chrono::steady_clock::now() - start_);
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class ServerShutdownTest : public EndToEndTest {
 protected:
  ServerShutdownTest() : EndToEndTest({"--drain-timeout=4s"}) {}
};

TEST_F(ServerShutdownTest, LosesNothingAndRepeatsNothingUnderLoad) {
  AuditJobs(database_.url());
  ExecutorProcess one(ledger_, Executor("one"));
  ExecutorProcess two(ledger_, Executor("two"));
  Load load(server_.address(), 6);
  for (int stops = 0; stops < 2; ++stops) {
    const size_t added = load.acknowledged() + 200;
    ASSERT_TRUE(Eventually([&] { return load.acknowledged() >= added; }));
    ASSERT_TRUE(ledger_.Await("end", added / 2));
    const Stopwatch stopwatch;
    EXPECT_EQ(server_.Stop(), Exit{});
    EXPECT_LT(stopwatch.Elapsed(), absl::Seconds(4));
    EXPECT_THAT(server_.process().Errors(), ::testing::Not(HasSubstr("not everything")));
    server_.Restart();
  }
  const auto& acknowledged = load.Stop();
  EXPECT_THAT(load.failures(), IsEmpty());
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(BrokenPromises(acknowledged, ledger_, database_.url(), {.each_runs_once = true}),
              IsEmpty());
}

TEST_F(ServerShutdownTest, LeavesALongRunToItsExecutor) {
  ExecutorProcess executor(ledger_, Executor());
  Add({.task = "work", .payload = Payload(1, R"("hold":true)")});
  ASSERT_TRUE(ledger_.Await("start", 1));
  EXPECT_EQ(server_.Stop(), Exit{});
  // Its result finds no server.
  ledger_.Release();
  ASSERT_TRUE(ledger_.Await("end", 1));
  server_.Restart();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("start"), ElementsAre(1));
  ExpectTotal(&client::Stats::completed_total, 1);
}

// The database has stopped in the middle of an add: nothing can be flushed.
class StuckServerTest : public ServerShutdownTest {
 protected:
  StuckServerTest() {
    pqxx::connection connection(database_.url());
    pqxx::work transaction(connection);
    for (const auto& row : transaction.exec(
             "SELECT pid FROM pg_stat_activity "
             "WHERE datname = current_database() AND application_name LIKE 'leasehold/%'")) {
      backends_.push_back(row[0].as<pid_t>());
      kill(backends_.back(), SIGSTOP);
    }
    client::Client client({.address = server_.address(), .deadline = absl::Seconds(1)});
    EXPECT_FALSE(client.AddJob({.task = "work"}).ok());
  }
  ~StuckServerTest() override {
    for (const pid_t backend : backends_) kill(backend, SIGCONT);
  }

  std::vector<pid_t> backends_;
};

TEST_F(StuckServerTest, StopsWithinTheDrainTimeout) {
  const Stopwatch stopwatch;
  EXPECT_TRUE(server_.Stop().has_value());
  EXPECT_GT(stopwatch.Elapsed(), absl::Seconds(1.9)) << "it did not wait for the database";
  EXPECT_LT(stopwatch.Elapsed(), absl::Seconds(5));
  EXPECT_THAT(server_.process().Errors(), HasSubstr("not everything was flushed"));
}

TEST_F(StuckServerTest, IsAliveButNotReady) {
  EXPECT_TRUE(Eventually([&] { return server_.Get("/readyz").status == 503; }));
  EXPECT_EQ(server_.Get("/livez").status, 200);
}

TEST_F(StuckServerTest, EndsAtOnceOnASecondSignal) {
  server_.process().Signal(SIGTERM);
  ASSERT_TRUE(Eventually([&] { return !server_.Ready(); }));
  const Stopwatch stopwatch;
  server_.process().Signal(SIGTERM);
  const std::optional<Exit> exit = server_.process().Wait();
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(exit->signal, 0);
  EXPECT_NE(exit->status, 0);
  EXPECT_LT(stopwatch.Elapsed(), absl::Seconds(1));
}

class ExecutorShutdownTest : public EndToEndTest {
 protected:
  // One that runs job 0 and holds job 1 ready.
  std::unique_ptr<ExecutorProcess> BusyExecutor(const std::string& run) {
    auto options = Executor("stopped");
    options.concurrency = 1;
    auto executor = std::make_unique<ExecutorProcess>(ledger_, options);
    Add({.task = "work", .payload = Payload(0, run)});
    EXPECT_TRUE(ledger_.Await("start", 1));
    const std::string prefetched = Add({.task = "work", .payload = Payload(1)});
    Await(prefetched, client::JobState::kLeased);
    return executor;
  }
};

TEST_F(ExecutorShutdownTest, GivesBackWhatHasNotStartedAndInterruptsWhatRuns) {
  const auto stopped = BusyExecutor(R"("hold":true)");
  stopped->Signal(SIGTERM);
  EXPECT_EQ(stopped->Wait(), Exit{}) << stopped->Errors();
  EXPECT_THAT(ledger_.Numbers("cancelled"), ElementsAre(0));
  ledger_.Release();
  ExecutorProcess other(ledger_, Executor("other"));
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), UnorderedElementsAre(0, 1));
  for (const LedgerLine& line : ledger_.Lines("end")) {
    EXPECT_EQ(line.executor, "other");
    EXPECT_EQ(line.attempt, 1) << "an interrupted run was counted";
  }
  ExpectTotal(&client::Stats::released_total, 2);
  ExpectTotal(&client::Stats::swept_total, 0);
}

TEST_F(ExecutorShutdownTest, LetsARunEndWithinTheGracePeriod) {
  const auto stopped = BusyExecutor(R"("stubborn":true,"hold":true)");
  stopped->Signal(SIGTERM);
  // What has not started goes to another executor meanwhile.
  ExecutorProcess other(ledger_, Executor("other"));
  ASSERT_TRUE(ledger_.Await("end", 1));
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(1));
  ledger_.Release();
  EXPECT_EQ(stopped->Wait(), Exit{}) << stopped->Errors();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(1, 0));
  EXPECT_EQ(ledger_.Lines("end").back().executor, "stopped");
  ExpectTotal(&client::Stats::completed_total, 2);
}

TEST_F(ExecutorShutdownTest, GivesUpARunThatOutlivesTheGracePeriod) {
  const auto stopped = BusyExecutor(R"("stubborn":true,"hold":true)");
  const Stopwatch stopwatch;
  stopped->Signal(SIGTERM);
  const std::optional<Exit> exit = stopped->Wait();
  ASSERT_TRUE(exit.has_value());
  EXPECT_NE(*exit, Exit{});
  EXPECT_GE(stopwatch.Elapsed(), absl::Seconds(2));
  ledger_.Release();
  ExecutorProcess other(ledger_, Executor("other"));
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), UnorderedElementsAre(0, 1));
}

}  // namespace
}  // namespace leasehold::testing
