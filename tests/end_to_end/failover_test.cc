#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <pqxx/pqxx>
#include <stdexcept>
#include <string>

#include "tests/end_to_end/database_link.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/load.h"

// PostgreSQL with a synchronous standby, which takes its place.
namespace leasehold::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Both databases in one URL: libpq takes the one that can be written to.
std::string MultiHostUrl(const std::string& first, const std::string& second) {
  const auto host = [](const std::string& url) {
    const size_t begin = url.find("?host=") + 6;
    return url.substr(begin, url.find("&port=") - begin);
  };
  return first.substr(0, first.find('?')) + "?host=" + host(first) + "," + host(second) +
         "&port=5432,5432&target_session_attrs=read-write";
}

class FailoverTest : public ::testing::Test {
 protected:
  FailoverTest()
      : primary_({.durable = true}),
        database_(primary_, nullptr),
        link_(primary_.Url()),
        standby_({.durable = true, .standby_of = &primary_, .primary_url = link_.url()}) {
    const bool streams = Eventually([this] { return Streams(); });
    if (!streams) throw std::runtime_error(ReadFile(standby_.data_dir() + "/postgres.log"));
    primary_.Execute("ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary_.Execute("SELECT pg_reload_conf()");
  }

  ~FailoverTest() override {
    // Its commits would wait for a standby for ever.
    if (primary_.running()) primary_.Kill();
  }

  std::string Url() const { return MultiHostUrl(database_.url(), standby_.Url(database_.name())); }

  bool Streams() const {
    pqxx::connection connection(primary_.Url());
    pqxx::work transaction(connection);
    return transaction
        .exec1("SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'")[0]
        .as<bool>();
  }

  void FailOver() {
    primary_.Kill();
    // Nobody waits for a standby of the new primary.
    standby_.Execute("SELECT pg_promote()");
    standby_.Execute("ALTER SYSTEM RESET synchronous_standby_names");
    standby_.Execute("SELECT pg_reload_conf()");
  }

  void AwaitProgress(const Load& load, size_t jobs) {
    const size_t added = load.acknowledged() + jobs;
    ASSERT_TRUE(Eventually([&] { return load.acknowledged() >= added; }));
    ASSERT_TRUE(ledger_.Await("end", ledger_.Lines("end").size() + jobs));
  }

  PostgresCluster primary_;
  TestDatabase database_;
  DatabaseLink link_;
  PostgresCluster standby_;
  Ledger ledger_;
};

TEST_F(FailoverTest, LosesNothingAcknowledgedAndLeadsAnewOnTheOtherTimeline) {
  ServerProcess server({.database_url = Url()});
  AuditJobs(database_.url());
  ExecutorProcess one(ledger_, {.address = server.address(), .name = "one"});
  ExecutorProcess two(ledger_, {.address = server.address(), .name = "two"});
  Load load(server.address(), 6);
  AwaitProgress(load, 200);
  FailOver();
  AwaitProgress(load, 200);
  EXPECT_THAT(server.Log(), HasSubstr("leads no longer"))
      << "what it knew of the other timeline still counts";
  const auto& acknowledged = load.Stop();
  EXPECT_THAT(load.failures(), IsEmpty());
  ASSERT_TRUE(Eventually([&] {
    const auto stats = server.client().GetStats();
    return stats.ok() && stats->ready + stats->scheduled + stats->leased == 0;
  }));
  EXPECT_THAT(BrokenPromises(acknowledged, ledger_, standby_.Url(database_.name()),
                             {.each_runs_once = false}),
              IsEmpty());
}

}  // namespace
}  // namespace leasehold::testing
