#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sql/schema_name.h"
#include "sql/statements.h"
#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The generic plans of statements on the leader's connections, on tables that nobody has analysed.
class StatementPlanTest : public SqlTest {
 protected:
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
  const struct {
    const sql::Statement& statement;
    int parameters;
    const char* index;
  } cases[] = {
      {sql::kLeaseJobs, 14, "Index Scan using job_rows_pkey"},
      {sql::kRecordCompletions, 6, "Index Scan using job_rows_pkey"},
      {sql::kRecordOutcomes, 15, "Index Scan using job_rows_pkey"},
      {sql::kRecordUnlockedOutcomes, 15, "Index Scan using job_rows_pkey"},
      {sql::kReadJobs, 1, "job_rows_pkey"},
      {sql::kReadInbox, 1, "Index Scan using job_rows_pkey"},
      {sql::kLoadLeases, 0, "Index Scan using job_rows_pkey"},
      {sql::kReadLeasedWindow, 1, "Index Scan using job_rows_pkey"},
      {sql::kLeaseWindow, 13, "Index Scan using job_rows_ready"},
      {sql::kReadLeasedJobs, 1, "Index Scan using job_rows_pkey"},
      {sql::kGetJob, 1, "Index Scan using job_rows_pkey"},
      {sql::kReadWindows, 6, "Index Scan using job_rows_ready"},
      {sql::kReadPriorities, 1, "Index Only Scan using job_rows_ready"},
      {sql::kReadQueueHeads, 5, "Index Scan using job_rows_queued"},
  };
  for (const auto& [statement, parameters, index] : cases) {
    const std::string plan = PlanOf(statement, parameters);
    EXPECT_THAT(plan, HasSubstr(index)) << statement.name;
    EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on job_rows"))) << statement.name;
    EXPECT_THAT(plan, Not(HasSubstr("Hash Join"))) << statement.name;
    EXPECT_THAT(plan, Not(HasSubstr("Merge"))) << statement.name;
  }
}

TEST_F(StatementPlanTest, ReadsAWindowInTheOrderOfItsIndex) {
  const std::string plan = PlanOf(sql::kReadWindows, 6);

  EXPECT_THAT(plan, HasSubstr("ROW(run_at, id) >"));
  EXPECT_THAT(plan, Not(HasSubstr("Sort")));
}

}  // namespace
}  // namespace leasehold::testing
