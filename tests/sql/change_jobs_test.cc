#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sql/statements.h"
#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {
namespace {

// Three jobs; the second is leased.
class ChangeJobsTest : public SqlTest {
 protected:
  ChangeJobsTest() {
    sql_->Run("SET TimeZone = 'UTC'");
    for (const char* key : {"a", "b", "c"}) AddKeyed(key);
    Lease({2});
    TakeInbox();
  }

  std::string Ids(const std::string& call) {
    return sql_->Row("SELECT coalesce(string_agg(id::text, ',' ORDER BY id), '') FROM leasehold." +
                     call);
  }
};

TEST_F(ChangeJobsTest, CompletesWhatIsNotLeased) {
  EXPECT_EQ(Ids("complete_jobs('{3,2,1,77,NULL}')"), "1,3");

  EXPECT_EQ(sql_->Row("SELECT string_agg(id::text, ',') FROM leasehold.job_rows"), "2");
  EXPECT_EQ(TakeInbox(), "1,3");
}

TEST_F(ChangeJobsTest, FailsPermanentlyWhatIsNotLeased) {
  EXPECT_EQ(Ids("permanently_fail_jobs('{1,2}')"), "1");
  EXPECT_EQ(Ids("permanently_fail_jobs('{3}', 'no more')"), "3");

  EXPECT_EQ(Job(1, "attempts, last_error, activation"), "25|Manually marked as failed|1");
  EXPECT_EQ(Job(2, "attempts, last_error, activation"), "0|NULL|0");
  EXPECT_EQ(Job(3, "attempts, last_error"), "25|no more");
  EXPECT_EQ(TakeInbox(), "1,3");
}

TEST_F(ChangeJobsTest, ReschedulesWhatIsNotLeased) {
  EXPECT_EQ(Ids("reschedule_jobs('{1,2}', '2040-01-01 00:00:00+00', -3, 4, 9)"), "1");

  EXPECT_EQ(Job(1, "run_at, priority, attempts, max_attempts"), "2040-01-01 00:00:00+00|-3|4|9");
  EXPECT_EQ(Job(2, "priority, attempts, max_attempts"), "0|0|25");
  EXPECT_EQ(TakeInbox(), "1");
}

TEST_F(ChangeJobsTest, LeavesWhatIsNotNamedAndRevivesWithNoAttempts) {
  sql_->Run("SELECT leasehold.permanently_fail_jobs('{1}', 'no more')");
  const std::string before = Job(1, "run_at, priority, max_attempts, last_error");

  EXPECT_EQ(sql_->Row("SELECT attempts FROM leasehold.reschedule_jobs('{1}', attempts := 0)"), "0");

  EXPECT_EQ(Job(1, "run_at, priority, max_attempts, last_error"), before);
}

TEST_F(ChangeJobsTest, FailsForGoodAJobWhoseMostAttemptsAreLowered) {
  sql_->Run("SELECT leasehold.reschedule_jobs('{1}', attempts := 5)");

  EXPECT_EQ(sql_->Row("SELECT attempts, max_attempts FROM "
                      "leasehold.reschedule_jobs('{1}', max_attempts := 3)"),
            "3|3");
}

TEST_F(ChangeJobsTest, EndsTheLeasesOfExecutors) {
  sql_->Run("SELECT leasehold.force_unlock_workers('{bob,nobody}')");
  EXPECT_EQ(sql_->Row("SELECT locked_by, attempts FROM leasehold.jobs WHERE id = 2"), "ada|1");

  sql_->Run("SELECT leasehold.force_unlock_workers('{ada}')");
  EXPECT_EQ(sql_->Row("SELECT locked_by, attempts FROM leasehold.jobs WHERE id = 2"), "NULL|0");
  EXPECT_EQ(Job(2, "activation"), "1");
  EXPECT_EQ(TakeInbox(), "2");
}

TEST_F(ChangeJobsTest, WaitsForNobodyButTheHolderOfTheRow) {
  leader_->Run("BEGIN; SELECT FROM leasehold.job_rows WHERE id = 1 FOR UPDATE");

  sql_->Run("SET lock_timeout = '10ms'");
  EXPECT_EQ(sql_->Try("SELECT leasehold.complete_jobs('{1}')").sqlstate, "55P03");
  EXPECT_EQ(Ids("complete_jobs('{3}')"), "3");
}

TEST_F(ChangeJobsTest, ShowsJobsAsTheFamilyDoes) {
  sql_->Run(
      "SELECT leasehold.add_job('mail', '[1]', 'q', '2040-01-01 00:00:00+00', 3, 'd', -1, "
      "'{y,x}')");

  EXPECT_EQ(
      sql_->Row("SELECT id, queue_name, task_identifier, priority, run_at, attempts, "
                "max_attempts, last_error, created_at = updated_at, key, locked_at, locked_by, "
                "revision, flags FROM leasehold.jobs WHERE key = 'd'"),
      "4|q|mail|-1|2040-01-01 00:00:00+00|0|3|NULL|t|d|NULL|NULL|0|{\"x\": true, \"y\": true}");
}

}  // namespace
}  // namespace leasehold::testing
