#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "sql/statements.h"
#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {
namespace {

// What triggers of somebody's do to ticks of crons: those of the task `bad`.
class CronTicksTest : public SqlTest {
 protected:
  void LetJobsOfBad(const std::string& statement) {
    leader_->Run(absl::StrCat(
        "CREATE OR REPLACE FUNCTION public.spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.task = 'bad' THEN ",
        statement,
        "; END IF; RETURN NEW; END $$;"
        "CREATE OR REPLACE TRIGGER spoil BEFORE INSERT ON leasehold.job_rows "
        "FOR EACH ROW EXECUTE FUNCTION public.spoil()"));
  }
  SqlResult RunTicks(const std::string& tick) {
    return leader_->Try(sql::kRunCronTicks,
                        {"1", NextNumber(), "{bad,good}", Array(2, tick), "{bad,good}",
                         Array(2, "{}"), "{NULL,NULL}", "{25,25}", "{NULL,NULL}",
                         "{replace,replace}", "{0,0}", "{NULL,NULL}", Array(2, "{}")});
  }
  // Of the ticks in order; or the SQLSTATE.
  std::string Outcomes(const SqlResult& result) {
    if (!result.sqlstate.empty()) return result.sqlstate;
    std::string bad, good;
    for (const auto& row : result.rows) (row[0] == "1" ? bad : good) = row[1];
    return absl::StrCat(bad, " ", good);
  }
};

TEST_F(CronTicksTest, RunTheOthersWhateverATriggerRaises) {
  int minute = 0;
  for (const std::string statement :
       {"RAISE 'no'", "RAISE 'no' USING ERRCODE = 'MY001'", "PERFORM no_such_function()",
        "PERFORM * FROM no_such_table", "ASSERT false", "RAISE feature_not_supported",
        "PERFORM 1 / 0", "RAISE insufficient_privilege"}) {
    LetJobsOfBad(statement);
    const std::string tick = absl::StrCat("2026-01-01 00:", 10 + minute++, "+00");
    EXPECT_EQ(Outcomes(RunTicks(tick)), "refused added") << statement;
  }
  EXPECT_EQ(leader_->Row("SELECT count(*) FROM leasehold.known_crontabs WHERE identifier = 'bad'"),
            "0");
}

TEST_F(CronTicksTest, LeaveToTheLeaderWhatIsNotOfOneCron) {
  for (const std::string code : {"LH001", "40001", "40P01", "53100", "57014", "57P01", "XX000"}) {
    LetJobsOfBad(absl::StrCat("RAISE 'no' USING ERRCODE = '", code, "'"));
    EXPECT_EQ(Outcomes(RunTicks("2026-01-01 00:00+00")), code);
  }
}

// A fill that no server stored; one that cannot be read would keep every server from leading.
TEST_F(CronTicksTest, AreLoadedWhateverTheirFillIs) {
  const std::map<std::string, std::string> microseconds = {
      {"178000000 years", "9000000000000000000"},
      {"-178000000 years", "-9000000000000000000"},
      {"1 microsecond", "1"}};
  for (const auto& [fill, expected] : microseconds) {
    leader_->Run(absl::StrCat(
        "DELETE FROM leasehold.crons; DELETE FROM leasehold.known_crontabs;"
        "INSERT INTO leasehold.crons (identifier, schedule, time_zone, task, payload, fill,"
        "  max_attempts, key_mode, priority)"
        "VALUES ('c', '* * * * *', 'UTC', 't', '{}', '",
        fill,
        "', 25, 'replace', 0);"
        "INSERT INTO leasehold.known_crontabs (identifier, known_since, fill)"
        "VALUES ('c', now(), '",
        fill, "'), ('d', now(), NULL)"));
    EXPECT_EQ(leader_->Run(sql::kLoadCrons, {}).rows.at(0).at(6), expected);
    std::set<std::string> known;
    for (const auto& row : leader_->Run(sql::kLoadKnownCrons, {}).rows) known.insert(row.at(5));
    EXPECT_EQ(known, (std::set<std::string>{expected, "NULL"}));
  }
}

}  // namespace
}  // namespace leasehold::testing
