#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/sql/sql_fixture.h"

// SQL callers that meet each other.
namespace leasehold::testing {
namespace {

constexpr char kAdd[] = "SELECT key FROM leasehold.add_job('mail', job_key := '";

class CallersTest : public SqlTest {
 protected:
  std::unique_ptr<SqlSession> other_ = Connect();
};

TEST_F(CallersTest, AddNewKeysSerializablyWithoutRefusal) {
  AddKeyed("a");
  for (SqlSession* caller : {sql_.get(), other_.get()}) {
    caller->Run("BEGIN ISOLATION LEVEL SERIALIZABLE");
  }

  for (const char* n : {"1", "2", "3"}) {
    EXPECT_EQ(sql_->Row(kAdd + std::string("b") + n + "')"), std::string("b") + n);
    EXPECT_EQ(other_->Row(kAdd + std::string("c") + n + "')"), std::string("c") + n);
  }

  EXPECT_EQ(sql_->Try("COMMIT").sqlstate, "");
  EXPECT_EQ(other_->Try("COMMIT").sqlstate, "");
}

TEST_F(CallersTest, WaitForWhoeverAddsTheSameNewKey) {
  sql_->Run("BEGIN; SELECT leasehold.add_job('mail', '[1]', job_key := 'k')");
  other_->Send("SELECT payload FROM leasehold.add_job('mail', '[2]', job_key := 'k')");
  EXPECT_TRUE(Waits(*other_));
  sql_->Run("COMMIT");
  EXPECT_EQ(other_->Await().rows.at(0).at(0), "[1,2]");

  sql_->Run("BEGIN; SELECT leasehold.add_job('mail', '[1]', job_key := 'l')");
  other_->Send("SELECT payload FROM leasehold.add_job('mail', '[2]', job_key := 'l')");
  EXPECT_TRUE(Waits(*other_));
  sql_->Run("ROLLBACK");
  EXPECT_EQ(other_->Await().rows.at(0).at(0), "[2]");
}

TEST_F(CallersTest, DoNotWaitForOtherKeysQueuesAndTasks) {
  sql_->Run("BEGIN; SELECT leasehold.add_job('new', queue_name := 'new', job_key := 'a')");

  other_->Send("SELECT leasehold.add_job('new', queue_name := 'new', job_key := 'b')");

  EXPECT_FALSE(Waits(*other_));
  EXPECT_EQ(other_->Await().sqlstate, "");
  sql_->Run("COMMIT");
}

TEST_F(CallersTest, RemoveTheJobToWhichTheKeyWentMeanwhile) {
  const int64_t leased = AddKeyed("k");
  Lease({leased});
  sql_->Run("BEGIN; SELECT leasehold.add_job('mail', job_key := 'k')");
  other_->Send("SELECT id, key FROM leasehold.remove_job('k')");
  EXPECT_TRUE(Waits(*other_));

  sql_->Run("COMMIT");

  const SqlResult removed = other_->Await();
  ASSERT_EQ(removed.rows.size(), 1u);
  EXPECT_NE(removed.rows[0][0], std::to_string(leased));
  EXPECT_EQ(sql_->Row("SELECT string_agg(id::text, ',') FROM leasehold.job_rows"),
            std::to_string(leased));
}

// Keys in one order, ids in the other.
TEST_F(CallersTest, DoNotDeadlockBetweenKeysAndIds) {
  const std::string first = std::to_string(AddKeyed("b"));
  const std::string second = std::to_string(AddKeyed("a"));
  const auto holder = Connect();
  holder->Run("BEGIN; SELECT leasehold.reschedule_jobs('{" + first + "}')");
  sql_->Send("SELECT leasehold.permanently_fail_jobs('{" + second + "," + first + "}')");
  EXPECT_TRUE(Waits(*sql_));
  other_->Send(
      "SELECT leasehold.add_jobs(ARRAY(SELECT ROW('mail', NULL, NULL, NULL, NULL, key, NULL, NULL)"
      "::leasehold.job_spec FROM unnest('{a,b,c}'::text[]) AS key))");
  EXPECT_TRUE(Waits(*other_));

  holder->Run("COMMIT");

  EXPECT_EQ(sql_->Await().sqlstate, "");
  EXPECT_EQ(other_->Await().sqlstate, "");
}

TEST_F(CallersTest, GetOneRowForEachSpecInOrderAlsoForRepeatedKeys) {
  const int64_t leased = AddKeyed("k");
  Lease({leased});

  EXPECT_EQ(sql_->Row("SELECT string_agg(concat_ws(' ', n, key, payload, revision), ',' ORDER BY n)"
                      " FROM leasehold.add_jobs(ARRAY(SELECT ROW('mail', "
                      "json_build_array(i), NULL, NULL, NULL, key, NULL, NULL)"
                      "::leasehold.job_spec FROM unnest('{k,NULL,j,k,NULL,j,k}'::text[]) "
                      "WITH ORDINALITY AS t (key, i) ORDER BY i)) WITH ORDINALITY AS "
                      "t (id, q, t, p, r, a, m, e, c, u, key, l, b, revision, f, payload, n)"),
            "1 k [1,4,7] 2,2 [2] 0,3 j [3,6] 1,4 k [1,4,7] 2,5 [5] 0,6 j [3,6] 1,7 k [1,4,7] 2");
  EXPECT_EQ(Job(leased, "job_key, attempts"), "NULL|25");
}

}  // namespace
}  // namespace leasehold::testing
