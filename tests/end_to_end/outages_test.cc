#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/end_to_end/database_link.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/load.h"

// What is promised while the servers, the database, or the way between them is away.
namespace leasehold::testing {
namespace {

using ::testing::IsEmpty;

constexpr absl::Duration kSessionTimeout = absl::Milliseconds(1500);

class ServersAwayTest : public EndToEndTest {};

TEST_F(ServersAwayTest, CostNoExecutorItsJobsHoweverLongItTakes) {
  ExecutorProcess executor(ledger_, Executor());
  for (int n = 0; n < 4; ++n) {
    Add({.task = "work", .payload = Payload(n, n < 3 ? R"("hold":true)" : R"("ms":1)")});
  }
  ASSERT_TRUE(ledger_.Await("end", 1));
  server_.Kill();
  // Longer than the session timeout: nobody could hear the executor.
  ASSERT_FALSE(ledger_.Await("cancelled", 1, 2 * kSessionTimeout));
  server_.Restart();
  // Nor is it swept afterwards.
  ASSERT_FALSE(ledger_.Await("start", 5, 2 * kSessionTimeout));
  ledger_.Release();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_EQ(ledger_.Lines("start").size(), 4u) << "a job ran twice";
  EXPECT_EQ(ledger_.Lines("end").size(), 4u);
  ExpectTotal(&client::Stats::swept_total, 0);
  ExpectTotal(&client::Stats::lease_lost_total, 0);
}

// A PostgreSQL of its own, with a server, executors and producers at work.
class DatabaseAwayTest : public ::testing::Test {
 protected:
  DatabaseAwayTest()
      : cluster_({.durable = true}),
        database_(cluster_, nullptr),
        server_({.database_url = database_.url()}) {
    AuditJobs(database_.url());
  }

  void Begin(const std::string& addresses) {
    for (const char* name : {"one", "two"}) {
      executors_.push_back(std::make_unique<ExecutorProcess>(
          ledger_, ExecutorProcess::Options{.address = addresses, .name = name}));
    }
    load_ = std::make_unique<Load>(addresses, 6);
  }

  void AwaitProgress(size_t jobs) {
    const size_t added = load_->acknowledged() + jobs;
    ASSERT_TRUE(Eventually([&] { return load_->acknowledged() >= added; }));
    ASSERT_TRUE(ledger_.Await("end", ledger_.Lines("end").size() + jobs));
  }

  void ExpectNothingLost(ServerProcess& server) {
    const auto& acknowledged = load_->Stop();
    EXPECT_THAT(load_->failures(), IsEmpty());
    ASSERT_TRUE(Eventually([&] {
      const auto stats = server.client().GetStats();
      return stats.ok() && stats->ready + stats->scheduled + stats->leased == 0;
    }));
    EXPECT_THAT(BrokenPromises(acknowledged, ledger_, database_.url(), {.each_runs_once = false}),
                IsEmpty());
  }

  // Any backend of a server's.
  pid_t Backend() {
    pqxx::connection connection(database_.url());
    pqxx::work transaction(connection);
    return transaction
        .exec1(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'leasehold/%' "
            "ORDER BY random() LIMIT 1")[0]
        .as<pid_t>();
  }

  PostgresCluster cluster_;
  TestDatabase database_;
  ServerProcess server_;
  Ledger ledger_;
  std::vector<std::unique_ptr<ExecutorProcess>> executors_;
  std::unique_ptr<Load> load_;
};

TEST_F(DatabaseAwayTest, LosesNothingWhenABackendIsKilled) {
  Begin(server_.address());
  for (int kills = 0; kills < 3; ++kills) {
    AwaitProgress(100);
    ASSERT_EQ(kill(Backend(), SIGKILL), 0);
  }
  AwaitProgress(100);
  ExpectNothingLost(server_);
}

TEST_F(DatabaseAwayTest, IsAliveAndNotReadyWhilePostgresqlRestarts) {
  Begin(server_.address());
  AwaitProgress(100);
  cluster_.Stop("fast");
  EXPECT_TRUE(Eventually([&] { return server_.Get("/readyz").status == 503; }));
  EXPECT_EQ(server_.Get("/livez").status, 200);
  client::Client client({.address = server_.address(), .deadline = absl::Milliseconds(500)});
  const absl::Status refused = client.AddJob({.task = "work"}).status();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_EQ(server_.Get("/livez").status, 200);
  cluster_.Start();
  EXPECT_TRUE(Eventually([&] { return server_.Ready(); }));
  AwaitProgress(100);
  ExpectNothingLost(server_);
}

TEST_F(DatabaseAwayTest, LosesNothingWhenItDiesTogetherWithTheLeader) {
  ServerProcess follower({.database_url = database_.url(), .follows = true});
  Begin(server_.address() + "," + follower.address());
  AwaitProgress(100);
  cluster_.Kill();
  server_.Kill();
  cluster_.Start();
  ASSERT_TRUE(Eventually([&] { return follower.Ready(); }));
  AwaitProgress(100);
  ExpectNothingLost(follower);
}

// Servers behind a network of their own to the database, which loses every packet for a while.
class DatabaseLostTest : public ::testing::Test {
 protected:
  DatabaseLostTest() : link_(database_.url()), server_({.database_url = link_.url()}) {
    AuditJobs(database_.url());
  }

  void AwaitProgress(const Load& load, size_t jobs) {
    const size_t added = load.acknowledged() + jobs;
    ASSERT_TRUE(Eventually([&] { return load.acknowledged() >= added; }));
    ASSERT_TRUE(ledger_.Await("end", ledger_.Lines("end").size() + jobs));
  }

  int64_t Epoch() {
    pqxx::connection connection(database_.url());
    pqxx::work transaction(connection);
    return transaction.exec1("SELECT epoch FROM leasehold.leadership")[0].as<int64_t>();
  }

  TestDatabase database_;
  DatabaseLink link_;
  ServerProcess server_;
  Ledger ledger_;
};

TEST_F(DatabaseLostTest, GoesOnWhenItIsBackAndSweepsNobody) {
  ExecutorProcess executor(ledger_, {.address = server_.address()});
  Load load(server_.address(), 4);
  AwaitProgress(load, 100);
  link_.network().StopBoth();
  const absl::Time lost = absl::Now();
  Eventually([&] { return absl::Now() - lost > 2 * kSessionTimeout; });
  EXPECT_EQ(server_.Get("/livez").status, 200);
  link_.network().Heal();
  AwaitProgress(load, 100);
  const auto& acknowledged = load.Stop();
  EXPECT_THAT(load.failures(), IsEmpty());
  ASSERT_TRUE(Eventually([&] {
    const auto stats = server_.client().GetStats();
    return stats.ok() && stats->ready + stats->scheduled + stats->leased == 0;
  }));
  EXPECT_THAT(BrokenPromises(acknowledged, ledger_, database_.url(), {.each_runs_once = true}),
              IsEmpty());
}

TEST_F(DatabaseLostTest, LeavesTheLeadToAServerThatReachesIt) {
  ServerProcess other({.database_url = database_.url(), .follows = true});
  const std::string both = server_.address() + "," + other.address();
  ExecutorProcess one(ledger_, {.address = both, .name = "one"});
  ExecutorProcess two(ledger_, {.address = both, .name = "two"});
  Load load(both, 4);
  AwaitProgress(load, 100);
  const int64_t before = Epoch();
  link_.network().StopBoth();
  ASSERT_TRUE(Eventually([&] { return Epoch() > before; }));
  AwaitProgress(load, 100);
  link_.network().Heal();
  AwaitProgress(load, 100);
  // The first one has got over it: it leads again when it must.
  other.Kill();
  AwaitProgress(load, 100);
  const auto& acknowledged = load.Stop();
  EXPECT_THAT(load.failures(), IsEmpty());
  ASSERT_TRUE(Eventually([&] {
    const auto stats = server_.client().GetStats();
    return stats.ok() && stats->ready + stats->scheduled + stats->leased == 0;
  }));
  EXPECT_THAT(BrokenPromises(acknowledged, ledger_, database_.url(), {.each_runs_once = false}),
              IsEmpty());
}

}  // namespace
}  // namespace leasehold::testing
