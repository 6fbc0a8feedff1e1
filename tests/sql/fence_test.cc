#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "sql/statements.h"
#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {
namespace {

const std::optional<std::string> kNull;

// Parameters after the epoch that make each write of the leader do something.
const std::map<std::string, SqlParameters>& Writes() {
  static const auto* writes = new std::map<std::string, SqlParameters>{
      {"add_jobs", {"1001", "{50}",   "{mail}",   "{\"{}\"}", "{NULL}", "{epoch}", "{25}",
                    "{0}",  "{NULL}", "{\"{}\"}", "{t}",      "9",      "{50}",    "{7}",
                    "{1}",  "{1}",    kNull,      kNull,      kNull,    kNull}},
      {"add_like_jobs",
       {"1022", "{51}", "{\"{}\"}", "mail", kNull, "epoch", "25",  "0",   kNull, "{}",
        "t",    "13",   "{51}",     "{7}",  "{1}", "{1}",   kNull, kNull, kNull, kNull}},
      {"add_keyed_jobs",
       {"1002", "{mail}", "{\"{}\"}", "{NULL}", "{NULL}", "{25}", "{new}", "{replace}", "{0}",
        "{NULL}", "{\"{}\"}", "epoch", kNull, kNull}},
      {"remove_job", {"1003", "k", kNull, kNull}},
      {"change_jobs",
       {"1023", "reschedule", "{2}", kNull, "0", kNull, kNull, kNull, "{}", kNull, kNull}},
      {"clean_up", {"0", "0", "10", "10"}},
      {"lease_jobs",
       {"1004", "true", "8", "{1}", "{0}", "{1970-01-01 00:00:01+00}", "{0}", "{mail}", "{NULL}",
        "{NULL}", "{7}", "{1}", "{1}"}},
      {"record_completions", {"1011", "{1}", "0", "{1}", "{1}"}},
      {"lease_window",
       {"1021", "12", "mail", "0", "-infinity", "0", "infinity", "1", "{}", "{7}", "{1}", "{1}"}},
      {"record_outcomes",
       {"1005", "{1}", "{0}", "{1}", "{2}", "{0}", "{2}", "{failed}", "{1}", "{epoch}", "{0}",
        "{oh}", "{NULL}", "{1}"}},
      {"record_unlocked_outcomes",
       {"1006", "{1}", "{0}", "{1}", "{2}", "{0}", "{2}", "{failed}", "{1}", "{epoch}", "{0}",
        "{oh}", "{NULL}", "{1}"}},
      {"write_missing_leases", {"1007", "{8}", "{1}", "{0}", "{7}", "{1}", "{1}"}},
      {"change_crons",
       {"1031",    "{c}",         "{app}",  "{* * * * *}", "{UTC}", "{mail}", "{\"{}\"}", "{0}",
        "{25}",    "{NULL}",      "{NULL}", "{replace}",   "{0}",   "{NULL}", "{}",       "{c}",
        "{epoch}", "{* * * * *}", "{UTC}",  "{0}",         "{f}",   "{}"}},
      {"run_cron_ticks",
       {"1032", "{d}", "{epoch}", "{mail}", "{\"{}\"}", "{NULL}", "{25}", "{NULL}", "{replace}",
        "{0}", "{NULL}", "{\"{}\"}"}},
      {"open_session", {"1008", "70", "s", "e", "n", "{mail}"}},
      {"end_sessions", {"1009", "{7}"}},
      {"delete_inbox", {"1010", "{1,2,3}"}},
      {"rotate_journal", {"0 s", "true"}},
      {"renew_server", {"server-1", "3"}},
  };
  return *writes;
}

// Writes without an epoch: they begin a leadership, or belong to every replica.
const std::set<std::string> kNotOfTheLeader = {
    "raise_epoch", "note_timeline",      "register_server",  "reserve_job_ids", "show_server",
    "stop_asking", "ask_for_leadership", "yield_leadership", "remove_server"};

SqlParameters WithEpoch(const std::string& epoch, const SqlParameters& parameters) {
  SqlParameters all = {epoch};
  all.insert(all.end(), parameters.begin(), parameters.end());
  return all;
}

class FenceTest : public SqlTest {
 protected:
  FenceTest() {
    leader_->Run(sql::kRegisterServer, {"server-1", "127.0.0.1:1", "1", "host"});
    sql_->Run(
        "SELECT leasehold.add_job('mail', job_key := 'k', run_at := '1970-01-01 00:00:01+00')");
    sql_->Run("SELECT leasehold.add_job('mail')");
    // One that is cleaned up.
    sql_->Run("SELECT leasehold.add_job('mail')");
    sql_->Run("SELECT leasehold.permanently_fail_jobs('{3}')");
  }

  // Everything that a write could change.
  std::string Everything() {
    return sql_->Row(
        "SELECT (SELECT string_agg(t::text, ';' ORDER BY id) FROM leasehold.job_rows t), "
        "(SELECT string_agg(t::text, ';' ORDER BY number) FROM leasehold.leases t), "
        "(SELECT string_agg(t::text, ';' ORDER BY id) FROM leasehold.inbox t), "
        "(SELECT string_agg(t::text, ';' ORDER BY identifier) FROM leasehold.crons t), "
        "(SELECT string_agg(t::text, ';' ORDER BY identifier) FROM leasehold.known_crontabs t), "
        "(SELECT string_agg(t::text, ';' ORDER BY number) FROM leasehold.executors t), "
        "(SELECT string_agg(t::text, ';' ORDER BY id) FROM leasehold.servers t), "
        "(SELECT string_agg(t::text, ';' ORDER BY epoch, number) FROM leasehold.journal t), "
        "(SELECT string_agg(t::text, ';') FROM leasehold.leadership t)");
  }
};

TEST_F(FenceTest, KnowsEveryStatementThatWrites) {
  for (const sql::Statement* statement : sql::kAllStatements) {
    const std::string text(statement->text);
    const bool writes =
        absl::StrContains(text, "INSERT INTO") || absl::StrContains(text, "DELETE FROM") ||
        absl::StrContains(text, "UPDATE :\"schema\"") || absl::StrContains(text, "nextval") ||
        absl::StrContains(text, "raise_epoch(") || absl::StrContains(text, "rotate_journal(") ||
        absl::StrContains(text, "clean_up(");
    EXPECT_EQ(writes,
              Writes().contains(statement->name) || kNotOfTheLeader.contains(statement->name))
        << statement->name
        << " must stand in one of this test's lists, or in none if it only reads";
  }
}

TEST_F(FenceTest, RefusesADeposedLeaderUnderEveryWrite) {
  Lease({2}, 1);
  sql_->Run("SELECT leasehold.raise_epoch('server-2')");
  const std::string before = Everything();

  for (const sql::Statement* statement : sql::kAllStatements) {
    if (!Writes().contains(statement->name)) continue;
    const SqlResult refused =
        leader_->Try(*statement, WithEpoch("1", Writes().at(statement->name)));
    EXPECT_EQ(refused.sqlstate, "LH001") << statement->name << " " << refused.message;
    EXPECT_EQ(Everything(), before) << statement->name;
  }
}

TEST_F(FenceTest, LetsTheLeaderThrough) {
  for (const sql::Statement* statement : sql::kAllStatements) {
    if (!Writes().contains(statement->name)) continue;
    const std::string before = Everything();
    leader_->Run(*statement, WithEpoch("1", Writes().at(statement->name)));
    EXPECT_NE(Everything(), before) << statement->name;
  }
}

TEST_F(FenceTest, RefusesAWriteThatWaitedForTheTakeover) {
  SqlSession rival(database_.url());
  rival.Run("BEGIN; SELECT leasehold.raise_epoch('server-2')");
  const auto leader = Connect();  // no lock_timeout: it waits
  SqlResult refused;
  std::thread write([&] { refused = leader->Try(sql::kDeleteInbox, {"1", "1", "{1}"}); });
  while (sql_->Number(
             "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == 0) {
  }

  rival.Run("COMMIT");
  write.join();

  EXPECT_EQ(refused.sqlstate, "LH001");
  EXPECT_EQ(TakeInbox(), "1,2,3,3");
}

TEST_F(FenceTest, KeepsATakeoverWaitingForAWriteUnderWay) {
  leader_->Run("BEGIN");
  leader_->Run(sql::kDeleteInbox, {"1", "1", "{1}"});

  sql_->Run("SET lock_timeout = '10ms'");
  EXPECT_EQ(sql_->Try("SELECT leasehold.raise_epoch('server-2')").sqlstate, "55P03");

  leader_->Run("COMMIT");
  EXPECT_EQ(sql_->Number("SELECT leasehold.raise_epoch('server-2')"), 2);
}

TEST_F(FenceTest, RefusesToWriteAtAnyOtherIsolationLevel) {
  leader_->Run("SET default_transaction_isolation = 'repeatable read'");

  EXPECT_EQ(leader_->Try(sql::kDeleteInbox, {"1", "1", "{1}"}).sqlstate, "LH003");
}

TEST_F(FenceTest, CommitsAsynchronouslyWhatNeedNotBeDurable) {
  leader_->Run("BEGIN");
  EXPECT_EQ(leader_->Row("SELECT leasehold.fence(1), current_setting('synchronous_commit')"),
            "1|on");
  EXPECT_EQ(leader_->Row("SELECT leasehold.fence(1, false)"), "1");
  EXPECT_EQ(leader_->Row("SHOW synchronous_commit"), "off");
  leader_->Run("COMMIT");
  EXPECT_EQ(leader_->Row("SHOW synchronous_commit"), "on");
}

TEST_F(FenceTest, RaisesTheEpochAboveAnotherOne) {
  EXPECT_EQ(leader_->Run(sql::kRaiseEpoch, {"server-1", "1", "40"}).rows[0][0], "41");
  EXPECT_EQ(leader_->Run(sql::kRaiseEpoch, {"server-1", kNull, "0"}).rows[0][0], "42");
  EXPECT_EQ(leader_->Try(sql::kRaiseEpoch, {"server-1", "41", "0"}).sqlstate, "LH001");
}

}  // namespace
}  // namespace leasehold::testing
