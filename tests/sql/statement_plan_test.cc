#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "sql/schema_name.h"
#include "sql/statements.h"
#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct ByIndex {
  const sql::Statement& statement;
  int parameters;
  const char* index;
};

const ByIndex kByIndex[] = {
    {sql::kLeaseJobs, 14, "Index Scan using job_rows_pkey"},
    {sql::kRecordCompletions, 6, "Index Scan using job_rows_pkey"},
    {sql::kRecordOutcomes, 15, "Index Scan using job_rows_pkey"},
    {sql::kRecordUnlockedOutcomes, 15, "Index Scan using job_rows_pkey"},
    {sql::kReadJobs, 1, "job_rows_pkey"},
    {sql::kReadInbox, 1, "Index Scan using job_rows_pkey"},
    {sql::kLoadLeases, 0, "Index Scan using job_rows_pkey"},
    {sql::kLeaseWindow, 13, "Index Scan using job_rows_ready"},
    {sql::kReadLeasedJobs, 1, "Index Scan using job_rows_pkey"},
    {sql::kGetJob, 1, "Index Scan using job_rows_pkey"},
    {sql::kReadWindows, 6, "Index Scan using job_rows_ready"},
    {sql::kReadPriorities, 1, "Index Only Scan using job_rows_ready"},
    {sql::kReadQueueHeads, 5, "Index Scan using job_rows_queued"},
};

// The generic plans of statements on the leader's connections.
class StatementPlanTest : public SqlTest {
 protected:
  // Each scan of the jobs that does not go by a condition on its index.
  std::vector<std::string> WalksThroughJobs(const std::string& plan) {
    const std::vector<std::string> lines = absl::StrSplit(plan, '\n');
    std::vector<std::string> walks;
    for (size_t i = 0; i + 1 < lines.size(); ++i) {
      const bool scans =
          absl::StrContains(lines[i], "Scan") && absl::StrContains(lines[i], " on job_rows");
      if (scans && !absl::StrContains(lines[i + 1], "Index Cond")) walks.push_back(lines[i]);
    }
    return walks;
  }

  // Parameters: how many.
  std::string PlanOf(const sql::Statement& statement, int parameters) {
    leader_->Run("PREPARE planned AS " + sql::WithSchema(statement.text, "leasehold"));
    std::string nulls;
    for (int i = 0; i < parameters; ++i) nulls += i == 0 ? "NULL" : ", NULL";
    std::string plan;
    for (const auto& row :
         leader_->Run("EXPLAIN EXECUTE planned" + (nulls.empty() ? "" : "(" + nulls + ")")).rows) {
      plan += row[0] + "\n";
    }
    leader_->Run("DEALLOCATE planned");
    return plan;
  }
};

TEST_F(StatementPlanTest, FindsJobsByIdAndNeverReadsTheWholeTable) {
  for (const auto& [statement, parameters, index] : kByIndex) {
    const std::string plan = PlanOf(statement, parameters);
    EXPECT_THAT(plan, HasSubstr(index)) << statement.name;
    EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on job_rows"))) << statement.name;
    EXPECT_THAT(plan, Not(HasSubstr("Hash Join"))) << statement.name;
    EXPECT_THAT(plan, Not(HasSubstr("Merge"))) << statement.name;
  }
}

// A plan is made for the table as it was vacuumed last, and kept while it fills with a million
// jobs.
TEST_F(StatementPlanTest, LooksUpEachJobWhateverTheTableHeldWhenItWasVacuumed) {
  const char* const states[] = {
      "VACUUM ANALYZE leasehold.job_rows",
      "INSERT INTO leasehold.job_rows (task) VALUES ('mail')",
      "VACUUM ANALYZE leasehold.job_rows",
      "INSERT INTO leasehold.job_rows (task) SELECT 'mail' FROM generate_series(1, 20000)",
      "DELETE FROM leasehold.job_rows WHERE id > 1",
      "ANALYZE leasehold.job_rows",
      "VACUUM ANALYZE leasehold.job_rows",
  };
  for (const char* state : states) {
    sql_->Run(state);
    for (const auto& [statement, parameters, index] : kByIndex) {
      const std::string plan = PlanOf(statement, parameters);
      EXPECT_THAT(plan, HasSubstr(index)) << statement.name << " after " << state;
      EXPECT_THAT(WalksThroughJobs(plan), IsEmpty()) << statement.name << " after " << state;
    }
  }
}

TEST_F(StatementPlanTest, ReadsAWindowInTheOrderOfItsIndex) {
  const std::string plan = PlanOf(sql::kReadWindows, 6);

  EXPECT_THAT(plan, HasSubstr("ROW(run_at, id) >"));
  EXPECT_THAT(plan, Not(HasSubstr("Sort")));
}

}  // namespace
}  // namespace leasehold::testing
