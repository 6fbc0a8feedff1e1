#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "sql/statements.h"
#include "tests/sql/contention_cases.h"
#include "tests/sql/sql_fixture.h"

// Every public function against a job in every state, at every isolation level: what the caller
// comes upon follows from the state and the level, and what the function does follows from that.
namespace leasehold::testing {
namespace {

using ::testing::AnyOf;

class ContentionTest : public SqlTest, public ::testing::WithParamInterface<const char*> {
 protected:
  ContentionTest() { sql_->Run("SET TimeZone = 'UTC'"); }

  bool Frozen() const { return std::string(GetParam()) != "read committed"; }

  // One job, with the key and a payload that joins.
  void Begin() {
    sql_->Run(
        "DELETE FROM leasehold.job_rows; DELETE FROM leasehold.leases; "
        "DELETE FROM leasehold.inbox");
    id_ = sql_->Number("SELECT id FROM leasehold.add_job('mail', '[1]', job_key := 'k')");
    sql_->Run("DELETE FROM leasehold.inbox");
    leased_ = false;
  }

  void Do(SqlSession& session, const std::string& step) {
    if (step == kLease) {
      Lease({id_}, id_);
      leased_ = true;
    } else if (step == kComplete) {
      EXPECT_EQ(Complete(), "1");
      leased_ = false;
    } else {
      session.Run(step);
    }
  }

  // How many jobs the leader deletes that records the job's lease as completed.
  std::string Complete() {
    const std::string id = std::to_string(id_);
    return leader_
        ->Run(sql::kRecordCompletions,
              {"1", NextNumber(), Array({id}), "0", Array({id}), Array({id})})
        .rows.at(0)
        .at(0);
  }

  static std::string With(const char* sql, int64_t id) {
    std::string text = sql;
    if (const size_t at = text.find("ID"); at != std::string::npos) {
      text.replace(at, 2, std::to_string(id));
    }
    return text;
  }

  Sight SightOf(const State& state, const Call& call) const {
    const std::string name = call.name;
    if (name == "ForceUnlockWorkers") {
      // It looks at leases, waits for none that is not there yet, and for no job without one.
      if (std::string(state.name) == "BeingLeased") return Sight::kUnseen;
      if (state.who == Who::kProgram) return Sight::kUnleased;
    }
    const Sight sight = Frozen() ? state.frozen : state.sight;
    // A key that is free now can be had, whatever the snapshot shows.
    const bool by_insertion = name.find("Add") == 0 && state.since == std::vector{kComplete};
    return by_insertion ? Sight::kGone : sight;
  }

  static bool MustWait(const State& state, const Call& call) {
    if (!state.stays_open) return false;
    if (std::string(call.name) != "ForceUnlockWorkers") return true;
    return std::string(state.name) == "BeingCompleted";
  }

  // What became of the job, in a word.
  std::string Observed(const SqlResult& result, const State& state) {
    if (!result.sqlstate.empty()) return result.sqlstate;
    const std::string id = std::to_string(id_);
    const std::string others = sql_->Row(
        "SELECT string_agg(concat_ws(' ', job_key, task, payload, activation), ',') "
        "FROM leasehold.job_rows WHERE id <> " +
        id);
    const std::string row = sql_->Row(
        "SELECT coalesce(job_key, ''), task, payload, revision, attempts = max_attempts, "
        "coalesce(last_error, ''), run_at, activation - " +
        std::to_string(state.activation) + " FROM leasehold.job_rows WHERE id = " + id);
    if (others != "NULL") {
      EXPECT_EQ(others, "k post [2] 0");
      if (row == "none") return "added";
      EXPECT_EQ(Job(id_, "job_key, attempts = max_attempts, activation"), "NULL|t|0");
      return "overtaken";
    }
    if (row == "none") return result.rows.empty() || result.rows[0][0] == "" ? "left" : "deleted";
    if (row.find("k|post|[1,2]|1|f||") == 0 && row.back() == '1') return "replaced";
    if (row.find("k|mail|[1]|1|") == 0 && row.back() == '0') return "kept";
    if (row.find("|mail|[1]|0|t|") == 0 && row.back() == '0') return "stripped";
    if (row.find("k|mail|[1]|0|t|no more|") == 0 && row.back() == '1') return "failed";
    if (row.find("|2040-01-01 00:00:00+00|1") != std::string::npos) return "rescheduled";
    if (row.find("k|mail|[1]|0|") == 0) return row.back() == '0' ? "left" : "unlocked";
    return row;
  }

  void ExpectTold(const std::string& effect, const State& state) {
    const bool changed = effect != "left" && effect != "kept" && effect != "40001";
    const bool changed_by_another = state.activation > 0;
    std::string told;
    if ((changed && effect != "added") || changed_by_another) told = std::to_string(id_);
    if (effect == "added" || effect == "overtaken") {
      told += (told.empty() ? "" : ",") +
              sql_->Row("SELECT id FROM leasehold.job_rows WHERE job_key = 'k'");
    }
    EXPECT_EQ(sql_->Row("SELECT array_agg(DISTINCT job_id ORDER BY job_id) FROM leasehold.inbox"),
              told.empty() ? "NULL" : "{" + told + "}")
        << "the leader is told of what changed, and of nothing else";
  }

  // A row is a job; none is made of NULLs.
  static void ExpectWholeRows(const SqlResult& result, const std::string& call) {
    if (call == "ForceUnlockWorkers") return;
    for (const auto& row : result.rows) EXPECT_NE(row.at(0), "NULL");
    EXPECT_LE(result.rows.size(), 1u);
  }

  void Meet(const Call& call, const State& state) {
    Begin();
    for (const char* step : state.before) Do(*sql_, step);
    const std::string effect = call.effects.at(SightOf(state, call));

    const auto caller = Connect();
    caller->Run("BEGIN ISOLATION LEVEL " + std::string(GetParam()) + "; SELECT 1");
    const auto program = Connect();
    SqlSession& other = state.who == Who::kLeader ? *leader_ : *program;
    if (state.stays_open) other.Run("BEGIN");
    for (const char* step : state.since) Do(other, step);

    caller->Send(With(call.sql, id_));
    EXPECT_EQ(Waits(*caller), MustWait(state, call));
    if (state.stays_open) other.Run(state.ends);
    const SqlResult result = caller->Await();
    caller->Run(result.sqlstate.empty() ? "COMMIT" : "ROLLBACK");

    EXPECT_EQ(Observed(result, state), effect) << result.message;
    ExpectWholeRows(result, call.name);
    ExpectTold(effect, state);
    if (!leased_) return;
    const bool lives = effect == "left" || effect == "kept" || effect == "overtaken" ||
                       effect == "stripped" || effect == "40001";
    EXPECT_EQ(Complete(), lives ? "1" : "0") << "whether the lease still counts";
  }

  int64_t id_ = 0;
  bool leased_ = false;
};

std::string LevelName(const ::testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
  return name;
}

INSTANTIATE_TEST_SUITE_P(AtEveryIsolationLevel, ContentionTest,
                         ::testing::Values("read committed", "repeatable read", "serializable"),
                         LevelName);

TEST_P(ContentionTest, EndsAsTheCallersSightDecidesWhateverTheJobsState) {
  for (const Call& call : Calls()) {
    for (const State& state : States()) {
      SCOPED_TRACE(std::string(call.name) + " meets a job: " + state.name);
      Meet(call, state);
    }
  }
}

TEST_P(ContentionTest, LeavesTheViewOpenWhateverOthersDo) {
  for (const State& state : States()) {
    SCOPED_TRACE(state.name);
    Begin();
    for (const char* step : state.before) Do(*sql_, step);
    SqlSession& other = state.who == Who::kLeader ? *leader_ : *sql_;
    if (state.stays_open) other.Run("BEGIN");
    for (const char* step : state.since) Do(other, step);

    const auto viewer = Connect();
    viewer->Send("BEGIN ISOLATION LEVEL " + std::string(GetParam()) +
                 "; SELECT count(*) FROM leasehold.jobs");
    EXPECT_FALSE(Waits(*viewer));
    EXPECT_EQ(viewer->Await().sqlstate, "");
    if (state.stays_open) other.Run(state.ends);
  }
}

// What the leader sends while a caller's transaction stays open: it waits for nobody longer than
// its lock_timeout, which is shorter than the time after which PostgreSQL looks for deadlocks.
TEST_P(ContentionTest, KeepsTheLeaderWaitingForNoTransactionThatStaysOpen) {
  for (const bool leased : {false, true}) {
    for (const Call& call : Calls()) {
      SCOPED_TRACE(std::string(call.name) + (leased ? " on a leased job" : " on a ready job"));
      Begin();
      if (leased) Do(*sql_, kLease);
      const std::string id = std::to_string(id_);
      const auto caller = Connect();
      caller->Run("BEGIN ISOLATION LEVEL " + std::string(GetParam()));
      caller->Run(With(call.sql, id_));
      const bool touches = leased || std::string(call.name) != "ForceUnlockWorkers";

      const SqlResult recorded = leader_->Try(
          sql::kRecordCompletions, {"1", NextNumber(), Array({id}), "0", Array({id}), Array({id})});
      EXPECT_EQ(recorded.sqlstate, touches ? "55P03" : "");
      const SqlResult unlocked =
          leader_->Run(sql::kRecordUnlockedOutcomes,
                       {"1", NextNumber(), Array({id}), "{0}", Array({id}), "{}", "{}", "{}", "{}",
                        "{}", "{}", "{}", "{}", "{}", Array({id})});
      EXPECT_EQ(unlocked.rows.back().at(1), touches ? "{" + id + "}" : "NULL") << "locked";
      const SqlResult put =
          leader_->Try(sql::kAddKeyedJobs, {"1", NextNumber(), "{mail}", "{\"{}\"}", "{NULL}",
                                            "{NULL}", "{25}", "{k}", "{replace}", "{0}", "{NULL}",
                                            "{\"{}\"}", "epoch", std::nullopt, std::nullopt});
      EXPECT_THAT(put.sqlstate, AnyOf("55P03", touches ? "55P03" : ""));
      leader_->Run(sql::kReadInbox, {"10"});

      EXPECT_EQ(caller->Try("COMMIT").sqlstate, "") << "the caller's transaction is not disturbed";
    }
  }
}

}  // namespace
}  // namespace leasehold::testing
