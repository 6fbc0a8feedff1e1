#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/end_to_end/end_to_end_test.h"

// What SQL does to jobs while the server runs them, is away, or is killed before it has read of it.
// The server's poll is 30 s away.
namespace leasehold::testing {
namespace {

using ::testing::UnorderedElementsAre;

class SqlChangesTest : public EndToEndTest {
 protected:
  std::string AddLater(int n, const std::string& key) {
    return Add({.task = "work", .payload = Payload(n), .delay = absl::Hours(1), .key = key});
  }

  // In a transaction of which the server is not notified.
  void Silently(const std::string& sql) { Sql("SET LOCAL leasehold.notify = off; " + sql); }

  // What has ended, once.
  std::multiset<int> Ended() const {
    const std::vector<int> numbers = ledger_.Numbers("end");
    return {numbers.begin(), numbers.end()};
  }
};

TEST_F(SqlChangesTest, TakeEffectAtTheNextStartIfNoServerRuns) {
  AddLater(1, "replaced");
  AddLater(2, "removed");
  const std::string now = AddLater(3, "rescheduled");
  const std::string failed = AddLater(4, "failed");
  ASSERT_TRUE(server_.Stop().has_value());

  Sql("SELECT leasehold.add_job('work', '{\"n\":10}')");
  Sql("SELECT leasehold.add_jobs(ARRAY[('work','{\"n\":11}',NULL,NULL,NULL,NULL,NULL,NULL),"
      "('work','{\"n\":12}',NULL,NULL,NULL,NULL,NULL,NULL)]::leasehold.job_spec[])");
  Sql("SELECT leasehold.add_job('work', '{\"n\":20}', job_key := 'replaced')");
  Sql("SELECT leasehold.remove_job('removed')");
  Sql("SELECT leasehold.reschedule_jobs('{" + now + "}', now())");
  Sql("SELECT leasehold.permanently_fail_jobs('{" + failed + "}')");
  server_.Restart();

  ExecutorProcess executor(ledger_, Executor());
  ASSERT_TRUE(ledger_.Await("end", 5));
  Await(failed, client::JobState::kFailed);
  Sql("SELECT leasehold.complete_jobs('{" + failed + "}')");
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(Ended(), UnorderedElementsAre(3, 10, 11, 12, 20));
}

TEST_F(SqlChangesTest, OutliveAServerThatIsKilledBeforeItReadsOfThem) {
  ExecutorProcess executor(ledger_, Executor());
  Add({.task = "work", .payload = Payload(1, "\"hold\":true"), .key = "running"});
  ASSERT_TRUE(ledger_.Await("start", 1));
  AddLater(2, "waiting");
  const std::string removed = AddLater(3, "removed");

  Silently("SELECT leasehold.add_job('work', '{\"n\":10}')");
  Silently("SELECT leasehold.add_job('work', '{\"n\":11}', job_key := 'running')");
  Silently("SELECT leasehold.add_job('work', '{\"n\":12}', job_key := 'waiting')");
  Silently("SELECT leasehold.remove_job('removed')");
  server_.Kill();
  server_.Restart();
  ledger_.Release();

  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(Ended(), UnorderedElementsAre(1, 10, 11, 12));
  EXPECT_EQ(server_.client().GetJob(removed).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(SqlChangesTest, LoseNoElementOfAKeyWhoseJobsRunMeanwhile) {
  constexpr int kPrograms = 8;
  constexpr int kAdds = 50;
  auto options = Executor();
  options.tasks = "batch";
  ExecutorProcess executor(ledger_, options);
  std::vector<std::thread> programs;
  for (int i = 0; i < kPrograms; ++i) {
    programs.emplace_back([this, i] {
      pqxx::connection connection(database_.url());
      for (int n = i * kAdds; n < (i + 1) * kAdds; ++n) {
        pqxx::nontransaction(connection)
            .exec("SELECT leasehold.add_job('batch', '[" + Payload(n) + "]', job_key := 'k')");
      }
    });
  }
  for (std::thread& program : programs) program.join();

  ASSERT_TRUE(AwaitNoJobs());
  const std::multiset<int> ended = Ended();
  EXPECT_EQ(ended.size(), kPrograms * kAdds);
  EXPECT_EQ(std::set<int>(ended.begin(), ended.end()).size(), kPrograms * kAdds);
}

// Each adds a job and, in a second transaction whose snapshot is old by then, changes it while it
// may be about to run, running, or done.
TEST_F(SqlChangesTest, FailOnlyWherePostgresqlItselfRefuses) {
  constexpr int kRounds = 40;
  ExecutorProcess executor(ledger_, Executor());
  std::atomic<int> next = 0;
  const auto work = [&](const std::string& level) {
    pqxx::connection connection(database_.url());
    pqxx::nontransaction(connection).exec("SET default_transaction_isolation = '" + level + "'");
    for (int round = 0; round < kRounds; ++round) {
      try {
        const std::string id =
            pqxx::nontransaction(connection)
                .exec("SELECT id FROM leasehold.add_job('work', '" + Payload(next++) + "')")[0][0]
                .c_str();
        pqxx::work change(connection);
        change.exec("SELECT locked_by FROM leasehold.jobs WHERE id = " + id);
        change.exec(round % 2 == 0 ? "SELECT leasehold.reschedule_jobs('{" + id + "}', now())"
                                   : "SELECT leasehold.force_unlock_workers(array_agg(locked_by)) "
                                     "FROM leasehold.jobs WHERE id = " +
                                         id);
        change.commit();
      } catch (const pqxx::serialization_failure& e) {
        EXPECT_NE(level, "read committed") << e.what();
      } catch (const std::exception& e) {
        ADD_FAILURE() << level << ": " << e.what();
      }
    }
  };
  std::vector<std::thread> programs;
  for (const char* level : {"read committed", "repeatable read", "serializable"}) {
    for (int i = 0; i < 2; ++i) programs.emplace_back(work, level);
  }
  for (std::thread& program : programs) program.join();

  ASSERT_TRUE(AwaitNoJobs());
  const std::multiset<int> ended = Ended();
  EXPECT_EQ(std::set<int>(ended.begin(), ended.end()).size(), 6 * kRounds);
}

}  // namespace
}  // namespace leasehold::testing
