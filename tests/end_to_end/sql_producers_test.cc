#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pqxx/pqxx>
#include <string>

#include "absl/time/clock.h"
#include "tests/end_to_end/end_to_end_test.h"

// Jobs that come from SQL, while the server's poll is 30 s away.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;

constexpr absl::Duration kAtOnce = absl::Seconds(1);

class SqlProducersTest : public EndToEndTest {
 protected:
  SqlProducersTest() : connection_(database_.url()) {}

  // When it was committed.
  absl::Time Run(const std::string& sql) {
    pqxx::work transaction(connection_);
    transaction.exec(sql);
    transaction.commit();
    return absl::Now();
  }

  pqxx::connection connection_;
};

TEST_F(SqlProducersTest, RunsAJobAtOnceWhenItsTransactionCommits) {
  ExecutorProcess executor(ledger_, Executor());
  pqxx::work transaction(connection_);
  transaction.exec(R"(SELECT leasehold.add_job('work', '{"n":1}'))");
  // Another one's job overtakes it: it is not there before its commit.
  Add({.task = "work", .payload = Payload(2)});
  ASSERT_TRUE(ledger_.Await("end", 1));
  const absl::Time before = absl::Now();
  transaction.commit();
  ASSERT_TRUE(ledger_.Await("end", 2));
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(2, 1));
  EXPECT_LT(ledger_.Lines("start").back().time - before, kAtOnce);
}

TEST_F(SqlProducersTest, RunsNothingOfATransactionThatIsRolledBack) {
  ExecutorProcess executor(ledger_, Executor());
  {
    pqxx::work transaction(connection_);
    transaction.exec(R"(SELECT leasehold.add_job('work', '{"n":1}'))");
  }
  Run(R"(SELECT leasehold.add_job('work', '{"n":2}'))");
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(2));
}

TEST_F(SqlProducersTest, RunsAJobThatATriggerAdds) {
  ExecutorProcess executor(ledger_, Executor());
  Run(R"(
    CREATE TABLE orders (id integer);
    CREATE FUNCTION bill() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM leasehold.add_job('work', json_build_object('n', NEW.id));
      RETURN NEW;
    END $$;
    CREATE TRIGGER bill AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION bill();)");
  const absl::Time committed = Run("INSERT INTO orders SELECT generate_series(1, 20)");
  ASSERT_TRUE(ledger_.Await("end", 20));
  EXPECT_LT(ledger_.Lines("start").back().time - committed, kAtOnce);
  EXPECT_TRUE(AwaitNoJobs());
}

TEST_F(SqlProducersTest, TakesEveryParameter) {
  Run(R"(SELECT leasehold.add_job(
      identifier => 'work', payload => '{"n": 7}', queue_name => 'q',
      run_at => '2100-01-02 03:04:05Z', max_attempts => 3, job_key => 'k', priority => -2,
      flags => ARRAY['slow', 'big'], job_key_mode => 'replace'))");
  const auto page = server_.client().ListJobs();
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->jobs.size(), 1u);
  const client::Job job = Get(page->jobs[0].id);
  EXPECT_EQ(job.task, "work");
  EXPECT_EQ(job.payload, R"({"n": 7})");
  EXPECT_EQ(job.queue, "q");
  EXPECT_EQ(absl::FormatTime(job.run_at, absl::UTCTimeZone()), "2100-01-02T03:04:05+00:00");
  EXPECT_EQ(job.max_attempts, 3);
  EXPECT_EQ(job.key, "k");
  EXPECT_EQ(job.priority, -2);
  EXPECT_THAT(job.flags, ElementsAre("big", "slow"));
}

TEST_F(SqlProducersTest, ChangesAJobThatTheServerHolds) {
  const std::string id =
      Add({.task = "work", .payload = Payload(1), .delay = absl::Hours(1), .key = "k"});
  ExecutorProcess executor(ledger_, Executor());
  const absl::Time committed =
      Run(R"(SELECT leasehold.add_job('work', '{"n":2}', job_key => 'k'))");
  ASSERT_TRUE(ledger_.Await("end", 1));
  EXPECT_EQ(ledger_.Lines("end").back().job, id);
  EXPECT_EQ(ledger_.Lines("end").back().n, 2);
  EXPECT_LT(ledger_.Lines("start").back().time - committed, kAtOnce);
}

TEST_F(SqlProducersTest, KeepsASerialQueueOfJobsFromBothSides) {
  ExecutorProcess executor(ledger_, Executor());
  for (int n = 0; n < 20; n += 2) {
    Add({.task = "work", .payload = Payload(n), .queue = "q"});
    Run("SELECT leasehold.add_job('work', '" + Payload(n + 1) + "', queue_name => 'q')");
  }
  ASSERT_TRUE(AwaitNoJobs());
  const std::vector<LedgerLine> lines = ledger_.Lines();
  ASSERT_EQ(lines.size(), 40u);
  for (size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i].what, i % 2 == 0 ? "start" : "end");
}

}  // namespace
}  // namespace leasehold::testing
