#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/load.h"

// What is promised when something is killed.
namespace leasehold::testing {
namespace {

using ::testing::IsEmpty;

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
