#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/end_to_end_test.h"

// What is promised when others use the database so that the server cannot go on as usual.
namespace leasehold::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// Somebody at psql, in a transaction that stays open.
class RowHolder {
 public:
  RowHolder(const std::string& url, const std::vector<std::string>& ids)
      : connection_(url), transaction_(connection_) {
    const auto held = transaction_.exec_params(
        "SELECT FROM leasehold.job_rows WHERE id = ANY ($1::bigint[]) FOR UPDATE",
        "{" + absl::StrJoin(ids, ",") + "}");
    EXPECT_EQ(held.size(), ids.size());
  }

 private:
  pqxx::connection connection_;
  pqxx::work transaction_;
};

class HeldRowsTest : public EndToEndTest {
 protected:
  std::vector<std::string> AddMany(int count, const client::NewJob& job = {.task = "work"}) {
    std::vector<std::string> ids;
    for (int n = 0; n < count; ++n) {
      client::NewJob numbered = job;
      numbered.payload = Payload(n);
      ids.push_back(Add(numbered));
    }
    return ids;
  }
};

TEST_F(HeldRowsTest, HoldUpNoOtherJobAndNoSerialQueue) {
  const std::vector<std::string> plain = AddMany(20);
  const std::vector<std::string> serial = AddMany(3, {.task = "work", .queue = "q"});
  auto holder =
      std::make_unique<RowHolder>(database_.url(), std::vector{plain[0], plain[7], serial[0]});
  ExecutorProcess executor(ledger_, Executor());

  ASSERT_TRUE(ledger_.Await("end", 20));
  ASSERT_TRUE(Eventually([this] { return Stats().leased == 0; }));
  EXPECT_THAT(ledger_.Lines("end"), SizeIs(20));
  for (const LedgerLine& line : ledger_.Lines("start")) {
    EXPECT_NE(line.job, plain[0]);
    EXPECT_NE(line.job, plain[7]);
    EXPECT_NE(line.job, serial[0]);
  }

  holder.reset();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Lines("start"), SizeIs(23));
}

TEST_F(HeldRowsTest, HoldUpNoOutcomeOfOtherJobs) {
  ExecutorProcess executor(ledger_, Executor());
  const std::string held = Add({.task = "work", .payload = Payload(0, R"("hold":true)")});
  ASSERT_TRUE(ledger_.Await("start", 1));
  auto holder = std::make_unique<RowHolder>(database_.url(), std::vector{held});
  ledger_.Release();
  ASSERT_TRUE(ledger_.Await("end", 1));
  AddMany(20);

  ExpectTotal(&client::Stats::completed_total, 20);
  EXPECT_EQ(Get(held).state, client::JobState::kLeased);

  holder.reset();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Lines("start"), SizeIs(21))
      << "its outcome was recorded, not its run repeated";
  EXPECT_EQ(Stats().lease_lost_total, 0);
}

TEST_F(HeldRowsTest, HoldUpNoSweepOfOtherJobs) {
  auto options = Executor("lost");
  options.prefetch = 20;
  auto lost = std::make_unique<ExecutorProcess>(ledger_, options);
  std::vector<std::string> ids;
  for (int n = 0; n < 20; ++n) {
    ids.push_back(Add({.task = "work", .payload = Payload(n, R"("hold":true)")}));
  }
  ASSERT_TRUE(Eventually([this] { return Stats().leased == 20; }));
  auto holder = std::make_unique<RowHolder>(database_.url(), std::vector{ids[0], ids[19]});
  lost->Kill();
  ledger_.Release();
  ExecutorProcess other(ledger_, Executor("other"));

  ASSERT_TRUE(ledger_.Await("end", 18));
  ExpectTotal(&client::Stats::completed_total, 18);
  EXPECT_EQ(Get(ids[0]).attempts, 1) << "its lease has not ended";

  holder.reset();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Lines("end"), SizeIs(20));
}

// Ends the server's listening connection as soon as it stands, for as long as it lives.
class ListenerCutter {
 public:
  explicit ListenerCutter(const std::string& url) : connection_(url), thread_([this] { Cut(); }) {}
  ~ListenerCutter() {
    stop_ = true;
    thread_.join();
  }
  int cuts() const { return cuts_; }

 private:
  void Cut() {
    const auto cut_or_stop = [this] {
      pqxx::nontransaction transaction(connection_);
      cuts_ +=
          static_cast<int>(transaction
                               .exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                     "WHERE datname = current_database() AND query ILIKE 'LISTEN%'")
                               .size());
      return stop_.load();
    };
    EXPECT_TRUE(Eventually(cut_or_stop, absl::Minutes(5)));
  }

  pqxx::connection connection_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> cuts_ = 0;
  std::thread thread_;
};

class CutListenerTest : public EndToEndTest {
 protected:
  static constexpr absl::Duration kPoll = absl::Milliseconds(500);

  CutListenerTest() : EndToEndTest({"--inbox-poll-interval=500ms"}) {}
};

TEST_F(CutListenerTest, CostsJobsFromSqlNoMoreThanThePoll) {
  ExecutorProcess executor(ledger_, Executor());
  ListenerCutter cutter(database_.url());
  ASSERT_TRUE(Eventually([&] { return cutter.cuts() > 0; }));
  pqxx::connection connection(database_.url());
  for (size_t n = 1; n <= 10; ++n) {
    const absl::Time added = absl::Now();
    pqxx::nontransaction(connection)
        .exec("SELECT leasehold.add_job('work', '" + Payload(static_cast<int>(n)) + "')");
    ASSERT_TRUE(ledger_.Await("start", n));
    EXPECT_LT(ledger_.Lines("start").back().time - added, kPoll + absl::Seconds(1));
  }
  EXPECT_TRUE(server_.Ready()) << "notifications only make it faster";
}

// A PostgreSQL with few connections, for the server or for others.
class ConnectionLimitTest : public ::testing::Test {
 protected:
  static constexpr size_t kMost = 20;

  // Takes connections until there are none left.
  void TakeAll() {
    while (others_.size() < kMost && TakeOne()) {
    }
  }
  bool TakeOne() {
    try {
      others_.push_back(std::make_unique<pqxx::connection>(database_.url()));
      return true;
    } catch (const pqxx::failure& e) {
      EXPECT_THAT(e.what(), HasSubstr("too many clients"));
      return false;
    }
  }

  PostgresCluster cluster_{{.settings = {"max_connections=20", "superuser_reserved_connections=0",
                                         "max_wal_senders=0", "autovacuum=off"}}};
  TestDatabase database_{cluster_, nullptr};
  std::vector<std::unique_ptr<pqxx::connection>> others_;
};

TEST_F(ConnectionLimitTest, AtStartIsSaidInOneSentence) {
  TakeAll();
  std::vector<std::string> flags = ServerProcess::Flags({.database_url = database_.url()});
  flags.insert(flags.end(), {"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"});
  const Ended ended = RunProgram(ServerProcess::Program(), {.arguments = flags});
  EXPECT_NE(ended.exit.status, 0);
  EXPECT_EQ(ended.exit.signal, 0);
  EXPECT_THAT(ended.errors, HasSubstr("too many clients"));
}

TEST_F(ConnectionLimitTest, AtWorkIsWaitedForWithTheServerAlive) {
  ServerProcess server({.database_url = database_.url()});
  Ledger ledger;
  ExecutorProcess executor(ledger, {.address = server.address()});
  ASSERT_TRUE(server.client().AddJob({.task = "work", .payload = Payload(1)}).ok());
  ASSERT_TRUE(ledger.Await("end", 1));

  // Others get the server's connections as soon as these are ended.
  TakeAll();
  ASSERT_TRUE(Eventually([this] {
    pqxx::nontransaction(*others_.front())
        .exec(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name LIKE 'leasehold/%'");
    TakeAll();
    return others_.size() == kMost;
  }));
  ASSERT_TRUE(Eventually([&] { return !server.Ready(); }));
  EXPECT_EQ(server.Get("/livez").status, 200);
  client::Client impatient({.address = server.address(), .deadline = absl::Milliseconds(500)});
  EXPECT_TRUE(absl::IsUnavailable(impatient.AddJob({.task = "work"}).status()));
  EXPECT_TRUE(server.process().running());

  others_.clear();
  server.AwaitReady();
  ASSERT_TRUE(server.client().AddJob({.task = "work", .payload = Payload(2)}).ok());
  ASSERT_TRUE(ledger.Await("end", 2));
  EXPECT_THAT(ledger.Numbers("end"), ::testing::ElementsAre(1, 2));
}

}  // namespace
}  // namespace leasehold::testing
