#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {
namespace {

constexpr int kCallers = 100;

// More connections at once than PostgreSQL allows by default.
class KeyContentionTest : public SqlTest {
 protected:
  KeyContentionTest() : SqlTest(RoomyCluster()) {}

  static PostgresCluster& RoomyCluster() {
    static PostgresCluster cluster({.settings = {"max_connections=150"}});
    return cluster;
  }

  // Calls `call` from each of kCallers threads, on a connection of its own.
  void FromManyCallers(const std::function<void(SqlSession& session, int caller)>& call) {
    std::vector<std::thread> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.emplace_back([&, i] {
        const auto session = Connect();
        call(*session, i);
      });
    }
    for (std::thread& caller : callers) caller.join();
  }
};

TEST_F(KeyContentionTest, LosesNoRequestForOneKey) {
  std::atomic<int> without_a_row = 0;
  FromManyCallers([&](SqlSession& session, int caller) {
    const SqlResult added = session.Run("SELECT id FROM leasehold.add_job('mail', '[" +
                                        std::to_string(caller) + "]', job_key := 'k')");
    if (added.rows.size() != 1 || added.rows[0][0] == "NULL") ++without_a_row;
  });

  EXPECT_EQ(without_a_row, 0);
  EXPECT_EQ(sql_->Number("SELECT count(*) FROM leasehold.job_rows"), 1);
  EXPECT_EQ(sql_->Number("SELECT count(DISTINCT value::text) FROM leasehold.job_rows, "
                         "json_array_elements(payload)"),
            kCallers)
      << "the payload of every caller is in the one job";
}

TEST_F(KeyContentionTest, LosesNoRequestWhileJobsAreTakenAway) {
  std::atomic<bool> done = false;
  std::thread taker([&] {
    const auto session = Connect();
    while (!done) session->Run("SELECT leasehold.remove_job('k')");
  });
  std::atomic<int> rows = 0;
  FromManyCallers([&](SqlSession& session, int) {
    rows += session.Run("SELECT id FROM leasehold.add_job('mail', job_key := 'k')").rows.size();
  });
  done = true;
  taker.join();

  EXPECT_EQ(rows, kCallers);
  EXPECT_LE(sql_->Number("SELECT count(*) FROM leasehold.job_rows"), 1);
}

TEST_F(KeyContentionTest, DoesNotDeadlockWhereManyAddTheSameKeysInDifferentOrder) {
  FromManyCallers([&](SqlSession& session, int caller) {
    const std::string order = caller % 2 == 0 ? "ASC" : "DESC";
    session.Run(
        "SELECT * FROM leasehold.add_jobs(ARRAY(SELECT ROW('mail', NULL, NULL, NULL, NULL, "
        "'k' || i, NULL, NULL)::leasehold.job_spec FROM generate_series(1, 10) AS i "
        "ORDER BY i " +
        order + "))");
  });

  EXPECT_EQ(sql_->Number("SELECT count(*) FROM leasehold.job_rows"), 10);
  EXPECT_EQ(sql_->Number("SELECT min(revision) FROM leasehold.job_rows"), kCallers - 1);
}

TEST_F(KeyContentionTest, TellsSerializableCallersToTryAgainInsteadOfLosingTheirRequest) {
  std::atomic<int> added = 0;
  std::atomic<int> refused = 0;
  FromManyCallers([&](SqlSession& session, int) {
    session.Run("SET default_transaction_isolation = 'serializable'");
    const SqlResult result =
        session.Try("SELECT id FROM leasehold.add_job('mail', job_key := 'k')");
    if (result.sqlstate.empty() && result.rows.at(0).at(0) != "NULL") ++added;
    if (result.sqlstate == "40001") ++refused;
  });

  EXPECT_EQ(added + refused, kCallers);
  EXPECT_EQ(sql_->Number("SELECT revision FROM leasehold.job_rows"), added - 1);
}

// The loop of docs/sql.md.
TEST_F(KeyContentionTest, LetsSerializableCallersThatTryAgainAllIn) {
  FromManyCallers([&](SqlSession& session, int caller) {
    if (caller >= 20) return;
    session.Run("SET default_transaction_isolation = 'serializable'");
    const std::string add = "SELECT leasehold.add_job('mail', '[" + std::to_string(caller) +
                            "]', job_key := 'k'); SELECT leasehold.add_job('note')";
    SqlResult tried;
    do {
      tried = session.Try(add);
    } while (tried.sqlstate == "40001" || tried.sqlstate == "40P01");
    EXPECT_EQ(tried.sqlstate, "") << tried.message;
  });

  EXPECT_EQ(sql_->Row("SELECT count(*) FILTER (WHERE task = 'note'), "
                      "max(json_array_length(payload)) FILTER (WHERE task = 'mail') "
                      "FROM leasehold.job_rows"),
            "20|20");
}

}  // namespace
}  // namespace leasehold::testing
