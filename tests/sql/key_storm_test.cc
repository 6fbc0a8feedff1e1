#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "sql/statements.h"
#include "tests/sql/sql_fixture.h"

// Many programs that add under one key, while jobs with it are leased and completed.
namespace leasehold::testing {
namespace {

constexpr int kCallers = 100;
constexpr int kAdds = 100;         // of each caller
constexpr int kFrozenCallers = 1;  // beside them, at REPEATABLE READ
constexpr int kAddsPerRound = 20;  // between two rounds of the leader
constexpr int kFirstFrozen = 1'000'000;

std::vector<int> Elements(const std::string& payload) {
  std::vector<int> elements;
  for (const auto part : absl::StrSplit(payload, absl::ByAnyChar("[], "), absl::SkipEmpty())) {
    int element = -1;
    EXPECT_TRUE(absl::SimpleAtoi(part, &element)) << payload;
    elements.push_back(element);
  }
  return elements;
}

class KeyStormTest : public SqlTest {
 protected:
  KeyStormTest() : SqlTest(RoomyCluster()) {
    leader_->Run(sql::kOpenSession,
                 {"1", NextNumber(), "7", "session-7", "ada", "Ada", Array({"mail"})});
  }

  static PostgresCluster& RoomyCluster() {
    static PostgresCluster cluster({.settings = {"max_connections=150"}});
    return cluster;
  }

  static std::string Add(int element) {
    return "SELECT id FROM leasehold.add_job('mail', '[" + std::to_string(element) +
           "]', job_key := 'k')";
  }

  // Leases what is there to lease, and completes what was leased the time before: some adds meet a
  // leased job, some an unleased one.
  void LeadOnce() {
    const std::map<int64_t, std::string> held = std::move(held_);
    held_.clear();
    const SqlResult ready = leader_->Run(
        "SELECT id, run_at, activation FROM leasehold.job_rows "
        "WHERE attempts < max_attempts");
    for (const auto& row : ready.rows) {
      if (!held.contains(std::stoll(row[0]))) LeaseOne(row);
    }
    for (const auto& [id, payload] : held) CompleteOne(id, payload);
  }

  void LeaseOne(const std::vector<std::string>& job) {
    const std::string number = std::to_string(++lease_number_);
    const SqlResult leased =
        leader_->Try(sql::kLeaseJobs, {"1", NextNumber(), "true", number, Array({job[0]}),
                                       Array({job[2]}), Array({job[1]}), "{0}", "{mail}", "{NULL}",
                                       "{NULL}", "{7}", Array({number}), Array({number})});
    // Locked, or changed since; SKIP LOCKED waits where the row is updated at this very moment.
    if (leased.sqlstate == "55P03" || leased.rows.empty()) return;
    const int64_t id = std::stoll(job[0]);
    held_[id] = leased.rows[0][4];
    leases_[id] = {number, job[2]};
  }

  void CompleteOne(int64_t id, const std::string& payload) {
    const auto& [number, activation] = leases_.at(id);
    const SqlResult recorded =
        leader_->Try(sql::kRecordCompletions, {"1", NextNumber(), Array({std::to_string(id)}),
                                               activation, Array({number}), Array({number})});
    if (recorded.sqlstate == "55P03") {
      held_[id] = payload;  // somebody has it locked: next time
      return;
    }
    ASSERT_EQ(recorded.sqlstate, "") << recorded.message;
    if (recorded.rows[0][0] != "1") {
      ++lost_;  // replaced by somebody who did not see the lease: what it held runs again
      return;
    }
    for (const int element : Elements(payload)) ++runs_[element];
  }

  // A caller whose snapshot may be too old to see a lease. Tries each add once.
  void AddFrozen(int first, const std::atomic<bool>& done) {
    const auto session = Connect();
    session->Run("SET default_transaction_isolation = 'repeatable read'");
    for (int element = first; !done; ++element) {
      const SqlResult added = session->Try(Add(element));
      if (added.sqlstate.empty())
        ++frozen_adds_;
      else
        EXPECT_EQ(added.sqlstate, "40001") << added.message;
    }
  }

  void AddMany(int first) {
    const auto session = Connect();
    for (int i = 0; i < kAdds; ++i) {
      session->Run(Add(first + i));
      adds_.release();
    }
  }

  std::map<int64_t, std::string> held_;                            // payloads by job
  std::map<int64_t, std::pair<std::string, std::string>> leases_;  // number and activation
  std::map<int, int> runs_;
  int64_t lease_number_ = 0;
  int lost_ = 0;
  std::atomic<int> frozen_adds_ = 0;
  std::counting_semaphore<> adds_{0};  // that have been answered
};

TEST_F(KeyStormTest, RunsEachElementOfTheArraysOnce) {
  std::atomic<bool> done = false;
  std::atomic<int> adding = kCallers;
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      AddMany(i * kAdds);
      if (--adding > 0) return;
      done = true;
      adds_.release(kAddsPerRound);
    });
  }
  for (int i = 0; i < kFrozenCallers; ++i) {
    callers.emplace_back([&, i] { AddFrozen(kFirstFrozen * (i + 1), done); });
  }

  while (!done) {
    for (int i = 0; i < kAddsPerRound; ++i) adds_.acquire();
    LeadOnce();
  }
  for (std::thread& caller : callers) caller.join();
  while (!held_.empty() || sql_->Number("SELECT count(*) FROM leasehold.job_rows "
                                        "WHERE attempts < max_attempts") > 0) {
    LeadOnce();
  }

  EXPECT_EQ(sql_->Number("SELECT count(*) FROM leasehold.job_rows"), 0);
  int once = 0;
  for (const auto& [element, times] : runs_) {
    EXPECT_EQ(times, 1) << element;
    if (element < kFirstFrozen) ++once;
  }
  EXPECT_EQ(once, kCallers * kAdds);
  EXPECT_EQ(runs_.size(), kCallers * kAdds + frozen_adds_);
  EXPECT_GT(lease_number_, 100) << "jobs were leased meanwhile";
  RecordProperty("leases_lost", lost_);
  RecordProperty("frozen_adds", frozen_adds_);
  RecordProperty("leases", static_cast<int>(lease_number_));
}

}  // namespace
}  // namespace leasehold::testing
