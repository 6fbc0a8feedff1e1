#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <map>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <thread>

#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/load.h"

// A server of the next release joins while the fleet is at work.
namespace leasehold::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LiveMigrationTest : public EndToEndTest {
 protected:
  LiveMigrationTest() : next_address_(ServerProcess::FreeAddress()) { AuditJobs(database_.url()); }

  ServerProcess::Options Next(const std::string& migration,
                              std::vector<std::string> flags = {}) const {
    return {.database_url = database_.url(),
            .flags = std::move(flags),
            .follows = true,
            .address = next_address_,
            .program = Runfile("tests/end_to_end/next_server"),
            .environment = {{"NEXT_MIGRATION", migration}}};
  }

  std::string Both() const { return server_.address() + "," + next_address_; }
  ExecutorProcess::Options ExecutorOfBoth(const std::string& name) const {
    return {.address = Both(), .name = name};
  }

  bool HasMigrated() {
    pqxx::connection connection(database_.url());
    pqxx::work transaction(connection);
    return transaction
        .exec1(
            "SELECT count(*) > 0 FROM pg_attribute WHERE attname = 'next' "
            "AND attrelid = 'leasehold.job_rows'::regclass")[0]
        .as<bool>();
  }

  const std::string next_address_;
};

// Adds a job in SQL, again and again; their payloads are numbered from `first` on.
class SqlLoad {
 public:
  SqlLoad(const std::string& url, int first)
      : first_(first), thread_([this, url] { Produce(url); }) {}
  ~SqlLoad() { Stop(); }

  // The ids of those that were committed, by number.
  const std::map<int, std::string>& Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return ids_;
  }
  int added() const { return added_; }

 private:
  void Produce(const std::string& url) {
    pqxx::connection connection(url);
    while (!stop_) {
      pqxx::work transaction(connection);
      const int number = first_ + added_;
      const auto row =
          transaction.exec_params1("SELECT (leasehold.add_job('work', $1)).id", Payload(number));
      transaction.commit();
      ids_[number] = row[0].c_str();
      ++added_;
    }
  }

  const int first_;
  std::map<int, std::string> ids_;
  std::atomic<bool> stop_{false};
  std::atomic<int> added_{0};
  std::thread thread_;
};

TEST_F(LiveMigrationTest, IsNoticedByNoExecutorButForOneReconnect) {
  ExecutorProcess one(ledger_, ExecutorOfBoth("one"));
  ExecutorProcess two(ledger_, ExecutorOfBoth("two"));
  std::map<int, std::string> all;
  // A long run that begins before and ends after everything.
  all[1'000'000] = Add({.task = "work", .payload = Payload(1'000'000, R"("hold":true)")});
  ASSERT_TRUE(ledger_.Await("start", 1));
  Load load(Both(), 2);
  SqlLoad sql(database_.url(), 2'000'000);
  ASSERT_TRUE(ledger_.Await("end", 200));

  ServerProcess next(Next("breaking"));
  ASSERT_TRUE(Eventually([&] { return next.Leads(); }));
  EXPECT_TRUE(HasMigrated());
  const int added_before = sql.added();
  ASSERT_TRUE(ledger_.Await("end", ledger_.Lines("end").size() + 200));
  EXPECT_GT(sql.added(), added_before);

  // The old one forwards until it goes.
  EXPECT_TRUE(server_.Ready());
  all[1'000'001] = Add({.task = "work", .payload = Payload(1'000'001)});
  EXPECT_FALSE(server_.Leads());
  const int ended_at_old = server_.streams_ended();
  EXPECT_EQ(server_.Stop(), Exit{});
  ASSERT_TRUE(ledger_.Await("end", ledger_.Lines("end").size() + 200));

  EXPECT_EQ(ended_at_old, 2);
  EXPECT_EQ(next.streams_ended(), 0);
  all.insert(load.Stop().begin(), load.Stop().end());
  all.insert(sql.Stop().begin(), sql.Stop().end());
  EXPECT_THAT(load.failures(), IsEmpty());
  ledger_.Release();
  ASSERT_TRUE(Eventually([&] {
    const auto stats = next.client().GetStats();
    return stats.ok() && stats->ready + stats->scheduled + stats->leased == 0;
  }));
  EXPECT_THAT(BrokenPromises(all, ledger_, database_.url(), {.each_runs_once = true}), IsEmpty());
}

TEST_F(LiveMigrationTest, LeavesTheLeaderAloneIfTheMigrationHarmsNobody) {
  ASSERT_TRUE(Eventually([&] { return server_.Leads(); }));
  const uint64_t epoch = Stats().epoch;
  ServerProcess next(Next("harmless"));
  ASSERT_TRUE(Eventually([&] { return next.Ready(); }));
  EXPECT_TRUE(HasMigrated());
  EXPECT_TRUE(server_.Leads());
  EXPECT_EQ(Stats().epoch, epoch);
  // It leads after it as well.
  next.Kill();
  EXPECT_TRUE(server_.client().AddJob({.task = "work"}).ok());
}

TEST_F(LiveMigrationTest, TakesTheLeadershipOfALeaderThatDoesNotYield) {
  ASSERT_TRUE(Eventually([&] { return server_.Leads(); }));
  server_.process().Signal(SIGSTOP);
  ServerProcess next(Next("breaking", {"--max-migration-wait=500ms"}));
  ASSERT_TRUE(Eventually([&] { return next.Leads(); }));
  EXPECT_TRUE(HasMigrated());
  server_.process().Signal(SIGCONT);
  ASSERT_TRUE(Eventually([&] { return !server_.Leads() && server_.Ready(); }));
  EXPECT_TRUE(next.Leads());
}

TEST_F(LiveMigrationTest, RefusesToAskIfItMayNotWait) {
  Ended ended = RunProgram(Runfile("tests/end_to_end/next_server"),
                           {.arguments = ServerProcess::Flags(
                                Next("breaking", {"--max-migration-wait=0", "--listen=127.0.0.1:0",
                                                  "--admin-listen=127.0.0.1:0"}))});
  EXPECT_EQ(ended.exit.status, 1);
  EXPECT_THAT(ended.errors, HasSubstr("--max-migration-wait is 0"));
  EXPECT_FALSE(HasMigrated());
  EXPECT_TRUE(Eventually([&] { return server_.Leads(); }));
  EXPECT_EQ(Stats().epoch, 1);
}

TEST_F(LiveMigrationTest, GivesTheLeadershipBackIfItFails) {
  Ended ended = RunProgram(Runfile("tests/end_to_end/next_server"),
                           {.arguments = ServerProcess::Flags(Next(
                                "failing", {"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"})),
                            .environment = {{"NEXT_MIGRATION", "failing"}}});
  EXPECT_EQ(ended.exit.status, 1);
  ASSERT_TRUE(Eventually([&] { return server_.Leads(); }));
  EXPECT_TRUE(server_.client().AddJob({.task = "work"}).ok());
}

// Producers and executors go on while it waits.
TEST_F(LiveMigrationTest, WaitsForALongTransactionWithTheOldLeaderAtWork) {
  pqxx::connection connection(database_.url());
  auto in_the_way = std::make_unique<pqxx::work>(connection);
  in_the_way->exec(R"(SELECT leasehold.add_job('other', '{"n":7}'))");
  ExecutorProcess one(ledger_, ExecutorOfBoth("one"));
  Load load(Both(), 2);
  Process next(Runfile("tests/end_to_end/next_server"),
               {.arguments = ServerProcess::Flags(Next(
                    "breaking", {"--listen=" + next_address_, "--admin-listen=127.0.0.1:0"}))});
  // It has looked more than once.
  ASSERT_TRUE(ledger_.Await("end", 1000));
  EXPECT_TRUE(server_.Leads());
  EXPECT_FALSE(HasMigrated());
  in_the_way->commit();
  in_the_way.reset();
  ASSERT_TRUE(Eventually([&] { return HasMigrated(); }));
  ASSERT_TRUE(Eventually([&] { return !server_.Leads(); }));
  ASSERT_TRUE(ledger_.Await("end", ledger_.Lines("end").size() + 200));
  const auto& acknowledged = load.Stop();
  EXPECT_THAT(load.failures(), IsEmpty());
  EXPECT_FALSE(acknowledged.empty());
}

TEST_F(LiveMigrationTest, KeepsOldServersOutOnceTheSchemaIsNew) {
  ServerProcess next(Next("breaking"));
  ASSERT_TRUE(Eventually([&] { return next.Leads(); }));
  next.Kill();
  // It does not lead on a schema that it does not know, and says so.
  ASSERT_TRUE(Eventually([&] { return !server_.Ready(); }));
  EXPECT_FALSE(server_.Leads());
  const Ended ended =
      RunProgram(ServerProcess::Program(),
                 {.arguments = ServerProcess::Flags(
                      {.database_url = database_.url(),
                       .flags = {"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"}})});
  EXPECT_EQ(ended.exit.status, 1);
  EXPECT_THAT(ended.errors, HasSubstr("newer Leasehold"));
}

TEST(TwoServersTest, MakeTheSchemaOnceIfTheyStartTogether) {
  TestDatabase database;
  const auto launch = [&] {
    return std::make_unique<Process>(
        ServerProcess::Program(),
        Process::Options{.arguments = ServerProcess::Flags(
                             {.database_url = database.url(),
                              .flags = {"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"}})});
  };
  const auto one = launch();
  const auto two = launch();
  const auto says = [](const std::unique_ptr<Process>& server, const std::string& what) {
    return server->Errors().find(what) != std::string::npos;
  };
  ASSERT_TRUE(Eventually([&] { return says(one, "\"serves\"") && says(two, "\"serves\""); }));
  ASSERT_TRUE(Eventually([&] { return says(one, "\"leads\"") != says(two, "\"leads\""); }));
  ASSERT_TRUE(Eventually([&] { return says(one, "\"follows\"") != says(two, "\"follows\""); }));
}

}  // namespace
}  // namespace leasehold::testing
