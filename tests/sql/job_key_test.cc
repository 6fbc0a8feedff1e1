#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sql/statements.h"
#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {
namespace {

constexpr char kState[] = "job_key, task, attempts, last_error, activation, revision, run_at";
constexpr char kLater[] = "2040-01-01 00:00:00+00";

// Each test once at each isolation level.
class JobKeyTest : public SqlTest, public ::testing::WithParamInterface<const char*> {
 protected:
  JobKeyTest() {
    sql_->Run("SET default_transaction_isolation = '" + std::string(GetParam()) +
              "'; SET TimeZone = 'UTC'");
  }

  // A job with key `k` in the given state.
  int64_t Existing(const std::string& columns = "") {
    const int64_t id = sql_->Number(
        "SELECT id FROM leasehold.add_job('mail', job_key := 'k', queue_name := 'q', flags := "
        "'{f}', "
        "priority := 7, run_at := '2035-01-01 00:00:00+00')");
    if (!columns.empty()) sql_->Run("UPDATE leasehold.job_rows SET " + columns);
    TakeInbox();
    return id;
  }

  int64_t Put(const std::string& mode) {
    return sql_->Number("SELECT id FROM leasehold.add_job('post', job_key := 'k', run_at := '" +
                        std::string(kLater) + "', job_key_mode := '" + mode + "')");
  }
};

INSTANTIATE_TEST_SUITE_P(AtEveryIsolationLevel, JobKeyTest,
                         ::testing::Values("read committed", "repeatable read", "serializable"),
                         [](const auto& info) {
                           std::string name = info.param;
                           name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
                           return name;
                         });

TEST_P(JobKeyTest, ReplacesEveryValueOfAJobThatWaits) {
  const int64_t id = Existing();

  EXPECT_EQ(Put("replace"), id);

  EXPECT_EQ(Job(id, kState), std::string("k|post|0|NULL|1|1|") + kLater);
  EXPECT_EQ(Job(id, "queue_name, flags, priority"), "NULL|NULL|0");
  EXPECT_EQ(TakeInbox(), std::to_string(id));
}

TEST_P(JobKeyTest, ReplacesAJobThatWaitsForItsRetry) {
  const int64_t id = Existing("attempts = 3, crashes = 2, last_error = 'it broke'");

  EXPECT_EQ(Put("replace"), id);

  EXPECT_EQ(Job(id, kState), std::string("k|post|0|NULL|1|1|") + kLater);
  EXPECT_EQ(Job(id, "crashes"), "0");
}

TEST_P(JobKeyTest, RevivesAJobThatHasPermanentlyFailed) {
  const int64_t id = Existing("attempts = max_attempts, last_error = 'it broke'");

  EXPECT_EQ(Put("replace"), id);

  EXPECT_EQ(Job(id, kState), std::string("k|post|0|NULL|1|1|") + kLater);
}

TEST_P(JobKeyTest, PreservesTheTimeOfAJobThatHasNotFailed) {
  const int64_t id = Existing();

  EXPECT_EQ(Put("preserve_run_at"), id);

  EXPECT_EQ(Job(id, kState), "k|post|0|NULL|1|1|2035-01-01 00:00:00+00");
}

TEST_P(JobKeyTest, DoesNotPreserveTheTimeOfARetry) {
  const int64_t id = Existing("attempts = 1");

  EXPECT_EQ(Put("preserve_run_at"), id);

  EXPECT_EQ(Job(id, kState), std::string("k|post|0|NULL|1|1|") + kLater);
}

TEST_P(JobKeyTest, LeavesTheJobAsItIsUnderUnsafeDedupe) {
  for (const char* columns : {"attempts = 0", "attempts = 3", "attempts = max_attempts"}) {
    sql_->Run("DELETE FROM leasehold.job_rows");
    const int64_t id = Existing(columns);
    const std::string before = Job(id, "job_key, task, attempts, activation, run_at, queue_name");

    EXPECT_EQ(Put("unsafe_dedupe"), id);

    EXPECT_EQ(Job(id, "job_key, task, attempts, activation, run_at, queue_name"), before);
    EXPECT_EQ(Job(id, "revision"), "1");
    EXPECT_EQ(TakeInbox(), "") << "the leader need not know";
  }
}

TEST_P(JobKeyTest, AddsAnotherJobBesideALeasedOne) {
  for (const char* mode : {"replace", "preserve_run_at"}) {
    sql_->Run("DELETE FROM leasehold.job_rows; DELETE FROM leasehold.leases");
    const int64_t leased = Existing();
    Lease({leased});

    const int64_t added = Put(mode);

    EXPECT_NE(added, leased);
    EXPECT_EQ(Job(leased, kState), "NULL|mail|25|NULL|0|0|2035-01-01 00:00:00+00");
    EXPECT_EQ(Job(added, kState), std::string("k|post|0|NULL|0|0|") + kLater);
    EXPECT_EQ(sql_->Row("SELECT locked_by, attempts FROM leasehold.jobs WHERE id = " +
                        std::to_string(leased)),
              "ada|25")
        << "its lease lives on";
    EXPECT_EQ(TakeInbox(), std::to_string(leased) + "," + std::to_string(added));
  }
}

TEST_P(JobKeyTest, ShowsTheLeasedJobUnderUnsafeDedupe) {
  const int64_t leased = Existing();
  Lease({leased});

  EXPECT_EQ(sql_->Row("SELECT id, task_identifier, locked_by, attempts, revision FROM "
                      "leasehold.add_job('post', job_key := 'k', job_key_mode := 'unsafe_dedupe')"),
            std::to_string(leased) + "|mail|ada|1|1");
}

TEST_P(JobKeyTest, ForgetsALeaseOfAnOlderActivation) {
  const int64_t id = Existing();
  Lease({id});
  sql_->Run("UPDATE leasehold.job_rows SET activation = 1");

  EXPECT_EQ(Put("replace"), id);

  EXPECT_EQ(Job(id, "activation"), "2");
}

TEST_P(JobKeyTest, ReplacesInPlaceWhereTheCallerDoesNotSeeTheLease) {
  const int64_t id = Existing();
  sql_->Run("BEGIN; SELECT 1 FROM leasehold.job_rows");
  Lease({id});

  const int64_t put = Put("replace");
  sql_->Run("COMMIT");

  if (std::string(GetParam()) == "read committed") {
    EXPECT_NE(put, id);
    EXPECT_EQ(Job(id, "activation, attempts"), "0|25");
  } else {
    EXPECT_EQ(put, id);
    EXPECT_EQ(Job(id, "activation, task"), "1|post");
    EXPECT_EQ(sql_->Row("SELECT locked_by FROM leasehold.jobs"), "NULL") << "the lease is lost";
  }
}

TEST_P(JobKeyTest, JoinsTwoArrayPayloads) {
  const struct {
    const char* earlier;
    const char* later;
    const char* joined;
  } cases[] = {
      {"[1, 2.50]", "[\"a\\u0000b\"]", "[1, 2.50,\"a\\u0000b\"]"},
      {" [ [1] ] ", "\n[[2]]\t", " [ [1] ,[2]]\t"},
      {"[]", "[1]", "[1]"},
      {"[1]", "[ ]", "[1]"},
      {"[1]", "{\"a\": 1}", "{\"a\": 1}"},
      {"{\"a\": 1}", "[1]", "[1]"},
  };
  for (const auto& [earlier, later, joined] : cases) {
    sql_->Run("DELETE FROM leasehold.job_rows");
    sql_->Run("SELECT leasehold.add_job('mail', E'" + std::string(earlier) + "', job_key := 'k')");
    EXPECT_EQ(sql_->Row("SELECT payload FROM leasehold.add_job('mail', '" + std::string(later) +
                        "', job_key := 'k')"),
              joined);
  }
}

TEST_P(JobKeyTest, RemovesAJobThatIsNotLeased) {
  const int64_t id = Existing("attempts = 3");

  EXPECT_EQ(sql_->Row("SELECT id, key, attempts FROM leasehold.remove_job('k')"),
            std::to_string(id) + "|k|3");

  EXPECT_EQ(Job(id, "id"), "none");
  EXPECT_EQ(TakeInbox(), std::to_string(id));
}

TEST_P(JobKeyTest, LetsALeasedJobThatIsRemovedRunOnWithoutRetries) {
  const int64_t id = Existing();
  Lease({id});

  EXPECT_EQ(sql_->Row("SELECT id, key, attempts, locked_by FROM leasehold.remove_job('k')"),
            std::to_string(id) + "|NULL|25|ada");

  EXPECT_EQ(Job(id, "job_key, attempts, activation"), "NULL|25|0");
  EXPECT_EQ(TakeInbox(), std::to_string(id));
}

TEST_P(JobKeyTest, RemovesNothingWhereNoJobHasTheKey) {
  EXPECT_EQ(sql_->Row("SELECT * FROM leasehold.remove_job('k')"), "none");
  EXPECT_EQ(sql_->Row("SELECT * FROM leasehold.remove_job(NULL)"), "none");
  EXPECT_EQ(TakeInbox(), "");
}

}  // namespace
}  // namespace leasehold::testing
