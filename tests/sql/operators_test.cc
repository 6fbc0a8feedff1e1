#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sql/statements.h"
#include "tests/sql/sql_fixture.h"

// The statements behind the operators' calls.
namespace leasehold::testing {
namespace {

const std::optional<std::string> kNull;

class OperatorsTest : public SqlTest {
 protected:
  OperatorsTest() {
    for (const char* key : {"a", "b", "c", "d"}) AddKeyed(key);
    TakeInbox();
  }

  // What change_jobs says it has changed.
  std::string Change(const std::string& change, const std::string& ids,
                     const std::string& executors = "{}") {
    return leader_
        ->Run(sql::kChangeJobs, {"1", NextNumber(), change, ids, kNull, kNull, kNull, kNull, kNull,
                                 executors, kNull, kNull})
        .rows[0][0];
  }

  struct CleanedUp {
    std::string deleted;
    std::string last_id;
  };
  CleanedUp CleanUp(const std::string& after, int most, int rows_read = 100,
                    absl::Duration unchanged_for = absl::ZeroDuration()) {
    const auto row =
        leader_
            ->Run(sql::kCleanUp,
                  {"1", after, std::to_string(absl::ToInt64Microseconds(unchanged_for)),
                   std::to_string(most), std::to_string(rows_read)})
            .rows[0];
    return {row[0], row[1]};
  }

  std::string JobIds() {
    return sql_->Row("SELECT string_agg(id::text, ',' ORDER BY id) FROM leasehold.job_rows");
  }
};

TEST_F(OperatorsTest, UnlocksTheJobsOfAnExecutorAndSaysWhich) {
  Lease({2, 1});

  EXPECT_EQ(Change("unlock", "{}", "{nobody}"), "{}");
  EXPECT_EQ(Change("unlock", "{}", "{nobody,ada,ada}"), "{1,2}");

  EXPECT_EQ(Job(1, "activation, attempts, crashes"), "1|0|0");
  EXPECT_EQ(Job(3, "activation"), "0");
  EXPECT_EQ(TakeInbox(), "1,2");
  EXPECT_EQ(Change("unlock", "{}", "{ada}"), "{}");
}

TEST_F(OperatorsTest, UnlocksNothingThatWasLeasedAnewMeanwhile) {
  Lease({1});
  sql_->Run("SELECT leasehold.force_unlock_workers('{ada}')");
  TakeInbox();

  EXPECT_EQ(Change("unlock", "{}", "{ada}"), "{}");
  EXPECT_EQ(Job(1, "activation"), "1");
  EXPECT_EQ(TakeInbox(), "");
}

TEST_F(OperatorsTest, ChangesWhatIsNotLeasedAndSaysWhich) {
  Lease({2});

  EXPECT_EQ(Change("fail", "{3,2,1,77}"), "{1,3}");
  EXPECT_EQ(Change("reschedule", "{2,3}"), "{3}");
  EXPECT_EQ(Change("complete", "{4,2,1}"), "{1,4}");

  EXPECT_EQ(JobIds(), "2,3");
  EXPECT_EQ(Job(3, "last_error"), "Manually marked as failed");
}

TEST_F(OperatorsTest, ChangesTenThousandJobsWhileManyAreLeased) {
  sql_->Run("INSERT INTO leasehold.job_rows (task) SELECT 'mail' FROM generate_series(1, 60000)");
  // Rows as the leader writes them, each over the whole range of ids.
  sql_->Run(
      "INSERT INTO leasehold.leases SELECT r, min(id), max(id), now(), array_agg(id), "
      "array_agg(0), array_agg(7), array_agg(id), array_agg(0) FROM (SELECT id, id % 40 / 2 AS r "
      "FROM leasehold.job_rows WHERE id > 4 AND id % 2 = 0) AS held GROUP BY r");
  const std::string odd = sql_->Row(
      "SELECT array_agg(id) FROM (SELECT id FROM leasehold.job_rows WHERE id > 4 AND id % 2 = 1 "
      "ORDER BY id LIMIT 10000) AS odd");
  leader_->Run("SET statement_timeout = '2s'");

  EXPECT_EQ(Change("fail", odd), odd);
  EXPECT_EQ(CleanUp("0", 10'000, 100'000).deleted, "10000");
}

TEST_F(OperatorsTest, CleansUpWhatHasFailedForGoodAPageAtATime) {
  sql_->Run("SELECT leasehold.permanently_fail_jobs('{1,3,4}')");
  TakeInbox();

  const CleanedUp first = CleanUp("0", 2);
  EXPECT_EQ(first.deleted, "2");
  EXPECT_EQ(first.last_id, "3");
  EXPECT_EQ(TakeInbox(), "1,3");
  const CleanedUp second = CleanUp("3", 2);
  EXPECT_EQ(second.deleted, "1");
  EXPECT_EQ(second.last_id, "NULL");

  EXPECT_EQ(JobIds(), "2");
}

TEST_F(OperatorsTest, ReadsABoundedNumberOfJobsPerPage) {
  sql_->Run("SELECT leasehold.permanently_fail_jobs('{4}')");

  const CleanedUp first = CleanUp("0", 10, /*rows_read=*/2);
  EXPECT_EQ(first.deleted, "0");
  EXPECT_EQ(first.last_id, "2");
  const CleanedUp second = CleanUp("2", 10, 2);
  EXPECT_EQ(second.deleted, "1");
  EXPECT_EQ(second.last_id, "4");
  const CleanedUp last = CleanUp("4", 10, 2);
  EXPECT_EQ(last.deleted, "0");
  EXPECT_EQ(last.last_id, "NULL");
}

TEST_F(OperatorsTest, LeavesWhatIsLeasedLockedOrHasJustChanged) {
  Lease({1});
  // A leased job that has lost its key has no attempts left, and runs on.
  sql_->Run("SELECT leasehold.add_job('mail', job_key := 'a')");
  sql_->Run("SELECT leasehold.permanently_fail_jobs('{2,3,4}')");
  sql_->Run("UPDATE leasehold.job_rows SET updated_at = now() - interval '1 hour' WHERE id = 4");
  ASSERT_EQ(Job(1, "attempts = max_attempts"), "t");
  SqlSession rival(database_.url());
  rival.Run("BEGIN; SELECT FROM leasehold.job_rows WHERE id = 2 FOR UPDATE");

  EXPECT_EQ(CleanUp("0", 10, 100, absl::Minutes(59)).deleted, "1");
  EXPECT_EQ(Job(4, "1"), "none");
  EXPECT_EQ(CleanUp("0", 10).deleted, "1");
  EXPECT_EQ(Job(3, "1"), "none");

  rival.Run("COMMIT");
  EXPECT_EQ(CleanUp("0", 10).deleted, "1");
  EXPECT_EQ(Job(1, "1"), "1");
}

class ListsTest : public SqlTest {
 protected:
  void Add(const std::string& queue, const std::string& more = "") {
    sql_->Run("SELECT leasehold.add_job('mail', queue_name := '" + queue + "'" + more + ")");
  }
  std::vector<std::string> Queues(const std::string& after, int limit) {
    std::vector<std::string> lines;
    for (const auto& row :
         leader_->Run(sql::kListQueues, {after, std::to_string(limit), "0"}).rows) {
      lines.push_back(row[0] + " " + row[1] + row[2] + row[3] + row[4] + " " + row[7]);
    }
    return lines;
  }
};

TEST_F(ListsTest, ListsQueuesByNameWithTheirJobsByState) {
  Add("b");
  Add("b");
  Add("b", ", run_at := now() + interval '1 hour'");
  Add("a");
  Add("c");
  sql_->Run("SELECT leasehold.permanently_fail_jobs('{5}')");
  sql_->Run("SELECT leasehold.add_job('mail')");
  Lease({1});

  EXPECT_THAT(Queues("", 10), ::testing::ElementsAre("a 1000 NULL", "b 1110 ada", "c 0001 NULL"));
  EXPECT_THAT(Queues("", 2), ::testing::ElementsAre("a 1000 NULL", "b 1110 ada"));
  EXPECT_THAT(Queues("b", 2), ::testing::ElementsAre("c 0001 NULL"));
  EXPECT_THAT(Queues("c", 2), ::testing::IsEmpty());
}

TEST_F(ListsTest, ListsAPageOfAHundredThousandQueuesWithoutReadingTheOthers) {
  sql_->Run(
      "INSERT INTO leasehold.job_rows (task, queue_name) "
      "SELECT 'mail', 'q' || n FROM generate_series(100000, 199999) AS n");
  sql_->Run("ANALYZE leasehold.job_rows");
  leader_->Run("SET statement_timeout = '2s'");

  EXPECT_EQ(Queues("", 1001).size(), 1001u);
  EXPECT_THAT(Queues("q199998", 1001), ::testing::ElementsAre("q199999 1000 NULL"));
}

TEST_F(ListsTest, ListsTasksWithTheirJobsByState) {
  for (const char* task : {"b", "b", "a", "b", "c", "c"}) {
    sql_->Run("SELECT leasehold.add_job('" + std::string(task) + "')");
  }
  sql_->Run("SELECT leasehold.permanently_fail_jobs('{4}')");
  sql_->Run("SELECT leasehold.reschedule_jobs('{2}', now() + interval '1 hour')");
  Lease({1, 3});

  std::vector<std::string> lines;
  for (const auto& row : leader_->Run(sql::kListTasks, {"2", "0"}).rows) {
    lines.push_back(row[0] + " " + row[1] + row[2] + row[3] + row[4]);
  }
  EXPECT_THAT(lines, ::testing::ElementsAre("a 0010", "b 0111"));
}

}  // namespace
}  // namespace leasehold::testing
