#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/load.h"

// What is promised when something is killed.
namespace leasehold::testing {
namespace {

using ::testing::IsEmpty;

class LostExecutorTest : public EndToEndTest {};

TEST_F(LostExecutorTest, GivesTheJobsOfAKilledOneToAnother) {
  auto options = Executor("lost");
  options.concurrency = 1;
  auto lost = std::make_unique<ExecutorProcess>(ledger_, options);
  Add({.task = "work", .payload = Payload(0, R"("hold":true)"), .queue = "q"});
  ASSERT_TRUE(ledger_.Await("start", 1));
  const std::string prefetched = Add({.task = "work", .payload = Payload(1)});
  ASSERT_THAT(Await(prefetched, client::JobState::kLeased).locked_by,
              ::testing::StartsWith("lost"));
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
    // Resume timeout, sweep interval and recovery delay, and as much again for a busy machine.
    EXPECT_LT(starts[i].time - killed, absl::Milliseconds(2 * (1000 + 100 + 200)));
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
  EXPECT_THAT(Get(id).locked_by, ::testing::StartsWith("other"));
  stopped.Signal(SIGCONT);
  ASSERT_TRUE(ledger_.Await("cancelled", 1));
  EXPECT_EQ(ledger_.Lines("cancelled")[0].executor, "stopped");
  ledger_.Release();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), ::testing::ElementsAre(0));
  ExpectTotal(&client::Stats::completed_total, 1);
  ExpectTotal(&client::Stats::swept_total, 1);
}

class PoisonJobTest : public EndToEndTest {
 protected:
  PoisonJobTest() : EndToEndTest({"--max-crashes=2"}) {}
};

// Whoever runs it dies, and comes back.
TEST_F(PoisonJobTest, StopsAtItsLastAttemptWithTheFleetAlive) {
  std::vector<std::unique_ptr<ExecutorProcess>> fleet(3);
  const auto keep_alive = [&] {
    for (auto& executor : fleet) {
      if (executor != nullptr && executor->running()) continue;
      executor = std::make_unique<ExecutorProcess>(ledger_, Executor());
    }
  };
  const std::string poison = Add(
      {.task = "work", .payload = Payload(0, R"("crash":true)"), .max_attempts = 2, .priority = 1});
  constexpr int kOthers = 60;
  for (int n = 1; n <= kOthers; ++n) {
    Add({.task = "work", .payload = Payload(n, R"("ms":20)")});
  }
  ASSERT_TRUE(Eventually([&] {
    keep_alive();
    const client::Stats stats = Stats();
    return stats.failed == 1 && stats.ready + stats.scheduled + stats.leased == 0;
  }));

  const client::Job job = Get(poison);
  EXPECT_EQ(job.state, client::JobState::kFailed);
  EXPECT_EQ(job.attempts, 2);
  EXPECT_THAT(job.last_error, ::testing::HasSubstr("executor lost"));
  const std::vector<int> starts = ledger_.Numbers("start");
  // One crash is forgiven, and whatever crash comes before its process could report the start.
  const auto runs = std::count(starts.begin(), starts.end(), 0);
  EXPECT_GE(runs, 3);
  EXPECT_LE(runs, 10);
  std::vector<int> ends = ledger_.Numbers("end");
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  EXPECT_EQ(ends.size(), static_cast<size_t>(kOthers));
  ExpectTotal(&client::Stats::completed_total, kOthers);
}

// A server, its executors and its producers, all of them busy.
class CrashTest : public ::testing::Test {
 protected:
  void Begin(ServerProcess& server, const std::string& database_url) {
    database_url_ = database_url;
    AuditJobs(database_url);
    for (const char* name : {"one", "two"}) {
      executors_.push_back(std::make_unique<ExecutorProcess>(
          ledger_, ExecutorProcess::Options{.address = server.address(), .name = name}));
    }
    load_ = std::make_unique<Load>(server.address(), 6);
  }

  // Waits until so many more jobs were added and so many more have run.
  void AwaitProgress(size_t jobs) {
    const size_t added = load_->acknowledged() + jobs;
    ASSERT_TRUE(Eventually([&] { return load_->acknowledged() >= added; }))
        << load_->acknowledged() << " of " << added << " calls were answered";
    const size_t run = ledger_.Lines("end").size() + jobs;
    ASSERT_TRUE(ledger_.Await("end", run)) << ledger_.Lines("end").size() << " of " << run;
  }

  // Stops the producers, lets the executors run what is left, and judges.
  void ExpectNothingLost(ServerProcess& server, const Promises& promises) {
    const auto& acknowledged = load_->Stop();
    EXPECT_THAT(load_->failures(), IsEmpty());
    ASSERT_TRUE(Eventually([&] {
      const auto stats = server.client().GetStats();
      return stats.ok() && stats->ready + stats->scheduled + stats->leased + stats->failed == 0;
    })) << "jobs are left";
    const size_t runs = ledger_.Lines("end").size();
    std::cout << acknowledged.size() << " jobs were acknowledged, " << runs << " runs ended\n";
    const std::vector<std::string> broken =
        BrokenPromises(acknowledged, ledger_, database_url_, promises);
    EXPECT_THAT(broken, IsEmpty());
  }

  Ledger ledger_;
  std::vector<std::unique_ptr<ExecutorProcess>> executors_;
  std::unique_ptr<Load> load_;
  std::string database_url_;
};

TEST_F(CrashTest, LosesNothingWhenTheServerIsKilled) {
  TestDatabase database;
  ServerProcess server({.database_url = database.url()});
  Begin(server, database.url());
  for (int kills = 0; kills < 3; ++kills) {
    AwaitProgress(300);
    server.Kill();
    server.Restart();
  }
  AwaitProgress(300);
  ExpectNothingLost(server, {.each_runs_once = true});
}

TEST_F(CrashTest, LosesNothingWhenExecutorsAreKilled) {
  TestDatabase database;
  ServerProcess server({.database_url = database.url()});
  Begin(server, database.url());
  for (size_t kills = 0; kills < 3; ++kills) {
    AwaitProgress(300);
    auto& executor = executors_[kills % executors_.size()];
    executor->Kill();
    executor = std::make_unique<ExecutorProcess>(
        ledger_, ExecutorProcess::Options{.address = server.address(), .name = "new"});
  }
  AwaitProgress(300);
  ExpectNothingLost(server, {.each_runs_once = false});
}

TEST_F(CrashTest, LosesNothingWhenPostgresqlIsKilled) {
  PostgresCluster cluster({.durable = true});
  TestDatabase database(cluster, nullptr);
  ServerProcess server({.database_url = database.url()});
  Begin(server, database.url());
  AwaitProgress(100);
  cluster.Kill();
  cluster.Start();
  AwaitProgress(100);
  cluster.Stop("immediate");
  cluster.Start();
  AwaitProgress(100);
  ExpectNothingLost(server, {.each_runs_once = false});
}

TEST_F(CrashTest, LosesNothingWhenTheServerDiesWithItsPostgresql) {
  const ScratchDirectory directory;
  const std::string data_dir = directory.path() + "/data";
  ServerProcess server({.data_dir = data_dir});
  Begin(server, ReadFile(data_dir + "/database-url"));
  for (int kills = 0; kills < 2; ++kills) {
    AwaitProgress(100);
    server.Kill();
    server.Restart();
  }
  AwaitProgress(100);
  database_url_ = ReadFile(data_dir + "/database-url");
  ExpectNothingLost(server, {.each_runs_once = false});
}

}  // namespace
}  // namespace leasehold::testing
