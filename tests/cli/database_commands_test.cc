#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "client/cli/cli.h"
#include "nlohmann/json.hpp"
#include "server/store/migrator/migrator.h"
#include "sql/statements.h"
#include "tests/end_to_end/eventually.h"
#include "tests/sql/sql_fixture.h"

namespace leasehold::cli {
namespace {

using leasehold::testing::SqlSession;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Command lines with --database-url, on a database that nobody leads: server-1 did and is gone.
class DatabaseCommandsTest : public leasehold::testing::SqlTest {
 protected:
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--database-url", database_.url()});
    return RunAnywhere(std::move(arguments));
  }

  int RunAnywhere(std::vector<std::string> arguments) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    const int exit_status =
        RunCommandLine(std::move(arguments), in, out, err, [] { return Terminal{}; });
    out_ = out.str();
    err_ = err.str();
    return exit_status;
  }

  nlohmann::json Json(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    EXPECT_EQ(Run(std::move(arguments)), kExitOk) << err_;
    return nlohmann::json::parse(out_);
  }

  // Each fails with one line in which all of `words` stand.
  void ExpectError(std::vector<std::string> arguments, const std::string& words) {
    EXPECT_EQ(RunAnywhere(std::move(arguments)), kExitError) << out_;
    EXPECT_THAT(err_, AllOf(StartsWith("leasehold: "), HasSubstr(words)));
    EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 1) << err_;
  }

  // server-1 is at work again: it holds the leader's lock and has a row.
  void Lead() {
    leader_->Run("SELECT pg_advisory_lock(leasehold.lock_key('leader'))");
    leader_->Run(
        "INSERT INTO leasehold.servers (id, address, version) "
        "VALUES ('server-1', '10.0.0.7:7411', '0.1.0')");
  }

  std::string out_;
  std::string err_;
};

TEST_F(DatabaseCommandsTest, AddsAJobThatTheLeaderHearsOf) {
  EXPECT_EQ(Run({"add", "mail", "--payload", R"({"n": 1.50})", "--queue", "q", "--priority", "-3",
                 "--max-attempts", "4", "--key", "k", "--flag", "slow", "--run-at",
                 "2030-01-02T03:04:05.678901Z"}),
            kExitOk)
      << err_;
  EXPECT_EQ(out_, "1\n");
  sql_->Run("SET TimeZone = 'UTC'");
  EXPECT_EQ(Job(1, "task, payload, queue_name, priority, max_attempts, job_key, flags, run_at"),
            "mail|{\"n\": 1.50}|q|-3|4|k|{slow}|2030-01-02 03:04:05.678901+00");
  EXPECT_EQ(TakeInbox(), "1");
}

TEST_F(DatabaseCommandsTest, AddsAJobWithADelayAndMetadataAndRejectsAKey) {
  EXPECT_EQ(Run({"add", "mail", "--delay", "1h", "--metadata", "trace=a\"b", "--key", "k"}),
            kExitOk)
      << err_;
  EXPECT_EQ(sql_->Row("SELECT metadata ->> 'trace', run_at > now() + interval '59 minutes', "
                      "run_at < now() + interval '61 minutes' FROM leasehold.job_rows"),
            "a\"b|t|t");
  EXPECT_EQ(TakeInbox(), "1");

  ExpectError(
      {"add", "mail", "--key", "k", "--job-key-mode", "reject", "--database-url", database_.url()},
      "a job with this key is there already");
}

TEST_F(DatabaseCommandsTest, SaysOnOneLineWhatPostgresqlRefuses) {
  ExpectError({"add", "", "--database-url", database_.url()}, "a_task_has_1_to_128_characters");
  ExpectError({"add", "mail", "--payload", "{", "--database-url", database_.url()}, "json");
}

TEST_F(DatabaseCommandsTest, ShowsAndListsJobs) {
  AddKeyed("a");
  AddKeyed("b");
  Lease({2});

  const nlohmann::json job = Json({"show", "2"});
  EXPECT_EQ(job["state"], "leased");
  EXPECT_EQ(job["attempts"], 1);
  EXPECT_EQ(job["locked_by"], "ada");
  EXPECT_EQ(Json({"list"}).size(), 2);
  EXPECT_EQ(Json({"list", "--state", "locked"})[0]["id"], "2");
  EXPECT_EQ(Json({"list", "--limit", "1", "--offset", "1"})[0]["id"], "2");
  ExpectError({"show", "77", "--database-url", database_.url()}, "no job has the id 77");
}

TEST_F(DatabaseCommandsTest, ChangesJobsByTheirIdsAndLeavesLeasedOnesAlone) {
  for (const char* key : {"a", "b", "c", "d", "e"}) AddKeyed(key);
  Lease({5});
  TakeInbox();

  EXPECT_EQ(Run({"complete", "1"}), kExitOk) << err_;
  EXPECT_EQ(Run({"fail", "2", "-r", "not wanted"}), kExitOk) << err_;
  EXPECT_EQ(Run({"reschedule", "3", "--run-at", "2030-01-01T00:00:00Z", "--priority", "9",
                 "--attempts", "2", "--max-attempts", "8"}),
            kExitOk)
      << err_;
  EXPECT_EQ(Run({"remove", "d"}), kExitOk) << err_;
  EXPECT_EQ(Run({"complete", "5"}), kExitError);

  EXPECT_EQ(sql_->Row("SELECT array_agg(id ORDER BY id) FROM leasehold.job_rows"), "{2,3,5}");
  EXPECT_EQ(Job(2, "attempts, max_attempts, last_error"), "25|25|not wanted");
  EXPECT_EQ(Job(3, "run_at::date, priority, attempts, max_attempts"), "2030-01-01|9|2|8");
  EXPECT_EQ(TakeInbox(), "1,2,3,4");
}

TEST_F(DatabaseCommandsTest, TriesAgainWhileSomebodyHoldsAJob) {
  AddKeyed("a");
  auto holder = Connect();
  holder->Run("BEGIN; SELECT FROM leasehold.job_rows FOR UPDATE");
  std::thread completing([&] { EXPECT_EQ(Run({"complete", "1"}), kExitOk) << err_; });
  // It has tried, and will try again.
  EXPECT_TRUE(leasehold::testing::Eventually([&] {
    return sql_->Number(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
               "'leasehold/command' AND query LIKE '%call_complete_jobs%' AND state = 'idle'") > 0;
  }));
  holder->Run("ROLLBACK");
  completing.join();

  EXPECT_EQ(sql_->Number("SELECT count(*) FROM leasehold.job_rows"), 0);
}

TEST_F(DatabaseCommandsTest, CleansUpWhatHasFailedForGood) {
  for (const char* key : {"a", "b", "c"}) AddKeyed(key);
  sql_->Run("SELECT leasehold.permanently_fail_jobs(ARRAY[1, 3])");

  EXPECT_EQ(Json({"cleanup"})["deleted_jobs"], 2);
  EXPECT_EQ(sql_->Row("SELECT array_agg(id) FROM leasehold.job_rows"), "{2}");
}

TEST_F(DatabaseCommandsTest, CountsJobsQueuesAndTasks) {
  sql_->Run("SELECT leasehold.add_job('mail', queue_name := 'q')");
  sql_->Run("SELECT leasehold.add_job('report', run_at := now() + interval '1 hour')");

  const nlohmann::json stats = Json({"stats"});
  EXPECT_EQ(stats["ready"], 1);
  EXPECT_EQ(stats["scheduled"], 1);
  EXPECT_FALSE(stats.contains("added_total"));
  EXPECT_EQ(Run({"stats"}), kExitOk);
  EXPECT_THAT(out_, ::testing::Not(HasSubstr("Since")));
  EXPECT_THAT(Json({"queues"}).dump(), HasSubstr("\"q\""));
  EXPECT_THAT(Json({"tasks"}).dump(), AllOf(HasSubstr("\"mail\""), HasSubstr("\"report\"")));
}

TEST_F(DatabaseCommandsTest, ListsExecutorsThatHoldLeasesAndServers) {
  AddKeyed("a");
  Lease({1});
  Lead();

  const nlohmann::json workers = Json({"workers"});
  ASSERT_EQ(workers.size(), 1);
  EXPECT_EQ(workers[0]["id"], "ada");
  EXPECT_EQ(workers[0]["leases"], 1);
  EXPECT_EQ(Json({"servers"})["servers"][0]["address"], "10.0.0.7:7411");
}

TEST_F(DatabaseCommandsTest, UnlocksExecutorsWhileNobodyLeads) {
  AddKeyed("a");
  Lease({1});
  TakeInbox();

  EXPECT_EQ(Run({"force-unlock", "ada", "nobody"}), kExitOk) << err_;

  EXPECT_EQ(Job(1, "activation, attempts, crashes"), "1|0|0");
  EXPECT_EQ(sql_->Row("SELECT locked_by FROM leasehold.jobs"), "NULL");
  EXPECT_EQ(TakeInbox(), "1");
}

TEST_F(DatabaseCommandsTest, LeavesLeasesToTheServerThatLeadsAndNamesItsAddress) {
  AddKeyed("a");
  Lease({1});
  Lead();

  for (const char* command : {"force-unlock ada", "sweep-stale-workers"}) {
    std::vector<std::string> words;
    std::istringstream stream(command);
    for (std::string word; stream >> word;) words.push_back(word);
    words.insert(words.end(), {"--database-url", database_.url()});
    ExpectError(words,
                "server server-1 leads and knows who holds what: give the command to it, "
                "with --server 10.0.0.7:7411");
  }
  // A leader behind a pooler of transactions holds no lock.
  leader_->Run("SELECT pg_advisory_unlock(leasehold.lock_key('leader'))");
  ExpectError({"force-unlock", "ada", "--database-url", database_.url()}, "10.0.0.7:7411");
  EXPECT_EQ(Job(1, "activation"), "0");

  leader_->Run("UPDATE leasehold.servers SET renewed_at = now() - interval '6 seconds'");
  EXPECT_EQ(Run({"force-unlock", "ada"}), kExitOk) << err_;
  EXPECT_EQ(Job(1, "activation"), "1");
}

TEST_F(DatabaseCommandsTest, SweepsExecutorsThatNobodyCouldHearFor) {
  AddKeyed("a");
  AddKeyed("b");
  Lease({1});
  const auto silence = [&](const std::string& since) {
    sql_->Run("UPDATE leasehold.leadership SET since = now() - interval '" + since + "'");
    sql_->Run("UPDATE leasehold.executors SET opened_at = now() - interval '" + since + "'");
    sql_->Run("UPDATE leasehold.journal SET created_at = now() - interval '" + since + "'");
  };
  TakeInbox();

  silence("20 seconds");
  EXPECT_EQ(Json({"sweep-stale-workers"})["executors"].size(), 0);
  silence("40 seconds");
  EXPECT_EQ(Json({"sweep-stale-workers", "--dry-run"})["executors"][0]["id"], "ada");
  EXPECT_EQ(Job(1, "activation"), "0");
  EXPECT_EQ(Json({"sweep-stale-workers"})["executors"][0]["leases"], 1);

  EXPECT_EQ(Job(1,
                "activation, attempts, crashes, run_at BETWEEN now() + interval '2 seconds' "
                "AND now() + interval '5 seconds'"),
            "1|0|0|t");
  EXPECT_EQ(Job(2, "activation"), "0");
  EXPECT_EQ(sql_->Number("SELECT count(*) FROM leasehold.executors"), 0);
  EXPECT_EQ(TakeInbox(), "1");
}

TEST_F(DatabaseCommandsTest, SweepsWithTheGivenThresholdAndDelay) {
  AddKeyed("a");
  Lease({1});

  EXPECT_EQ(Run({"sweep-stale-workers", "--sweep-threshold", "0s", "--recovery-delay", "1h"}),
            kExitOk)
      << err_;

  EXPECT_EQ(Job(1, "activation, run_at > now() + interval '59 minutes'"), "1|t");
}

TEST_F(DatabaseCommandsTest, RefusesASchemaWhereItMeansNothing) {
  EXPECT_EQ(RunAnywhere({"list", "--schema", "leasehold"}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("DATABASE_URL in the environment"));
  EXPECT_EQ(RunAnywhere({"work", "--tasks", ".", "--database-url", database_.url()}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("they need a server"));
  EXPECT_EQ(RunAnywhere({"run-once", "--tasks", ".", "--schema", "leasehold"}), kExitUsage);
  EXPECT_EQ(Run({"import", "--take-over", "--schema", "leasehold"}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("is not for --take-over"));
}

TEST_F(DatabaseCommandsTest, TakesTheDatabaseFromTheEnvironmentWhereASchemaIsNamed) {
  setenv("DATABASE_URL", database_.url().c_str(), 1);
  EXPECT_EQ(RunAnywhere({"list", "--schema", "leasehold", "--json"}), kExitOk) << err_;
  unsetenv("DATABASE_URL");
  EXPECT_EQ(out_, "[]\n");
}

TEST_F(DatabaseCommandsTest, SaysThatAClockNeedsAServer) {
  ExpectError({"advance-clock", "1h", "--database-url", database_.url()}, "--ephemeral");
}

TEST_F(DatabaseCommandsTest, SaysThatCronsNeedAServer) {
  for (const char* command : {"list", "apply -", "pause a", "resume a", "run a", "remove a",
                              "add --schedule @daily --task t"}) {
    std::vector<std::string> words = absl::StrSplit(command, ' ');
    words.insert(words.begin(), {"--database-url", database_.url(), "cron"});
    ExpectError(words, "crons need a server: name one with --server");
  }
}

TEST_F(DatabaseCommandsTest, SaysWhatIsWrongWithTheDatabase) {
  leasehold::testing::TestDatabase empty;
  leasehold::testing::TestDatabase foreign;
  SqlSession(foreign.url()).Run("CREATE SCHEMA leasehold; CREATE TABLE leasehold.jobs ()");
  leasehold::testing::TestDatabase old;
  store::MigrateOptions options;
  options.migrations.pop_back();
  ASSERT_TRUE(store::Migrate(old.url(), options).ok());

  ExpectError({"list", "--database-url", "postgresql://nobody@127.0.0.1:1/none"},
              "the database cannot be reached");
  ExpectError({"list", "--database-url", "mysql:///x"}, "neither postgresql://");
  ExpectError({"list", "--database-url", empty.url()}, "create it with leasehold migrate");
  ExpectError({"list", "--database-url", foreign.url()}, "made by another program");
  ExpectError({"list", "--database-url", old.url()}, "run leasehold migrate");
  ExpectError({"list", "--database-url", database_.url(), "--schema", "other"},
              "there is no schema \"other\"");
  ExpectError({"list", "--database-url", database_.url(), "--schema", "a-b"}, "must have 1 to 48");
}

TEST_F(DatabaseCommandsTest, NamesTheRightThatARoleLacks) {
  sql_->Run(
      "CREATE ROLE producer LOGIN; GRANT USAGE ON SCHEMA leasehold TO producer;"
      "GRANT SELECT ON leasehold.migrations TO producer;"
      "GRANT EXECUTE ON FUNCTION leasehold.add_job TO producer");
  const std::string url = database_.url() + "&user=producer";

  EXPECT_EQ(RunAnywhere({"add", "mail", "--database-url", url}), kExitOk) << err_;
  ExpectError({"complete", "1", "--database-url", url}, "connect as the owner of the schema");

  sql_->Run("DROP OWNED BY producer; DROP ROLE producer");
}

TEST_F(DatabaseCommandsTest, MigratesAndSaysWhatItDid) {
  leasehold::testing::TestDatabase empty;
  setenv("DATABASE_URL", empty.url().c_str(), 1);

  EXPECT_EQ(RunAnywhere({"migrate", "--dry-run"}), kExitOk) << err_;
  EXPECT_THAT(out_, StartsWith("pending 0001_create_tables\n"));
  EXPECT_EQ(RunAnywhere({"migrate"}), kExitOk) << err_;
  EXPECT_THAT(out_, StartsWith("applied 0001_create_tables\n"));
  EXPECT_EQ(RunAnywhere({"migrate"}), kExitOk) << err_;
  EXPECT_EQ(out_, "nothing was pending\n");

  unsetenv("DATABASE_URL");
  EXPECT_EQ(RunAnywhere({"migrate"}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("--database-url"));
}

TEST_F(DatabaseCommandsTest, LeavesABreakingMigrationToServersThatAreAtWork) {
  leasehold::testing::TestDatabase old;
  store::MigrateOptions options;
  options.migrations.resize(6);  // the seventh is breaking
  ASSERT_TRUE(store::Migrate(old.url(), options).ok());
  SqlSession servers(old.url());
  servers.Run("INSERT INTO leasehold.servers (id, address, version) VALUES ('old', 'o:1', '0')");

  ExpectError({"migrate", "--database-url", old.url()}, "these are at work: old at o:1");
  EXPECT_EQ(servers.Number("SELECT max(id) FROM leasehold.migrations"), 6);

  servers.Run("UPDATE leasehold.servers SET renewed_at = now() - interval '6 seconds'");
  EXPECT_EQ(RunAnywhere({"migrate", "--database-url", old.url()}), kExitOk) << err_;
}

TEST_F(DatabaseCommandsTest, ImportsAndSaysWhatItMoved) {
  leasehold::testing::TestDatabase theirs;
  SqlSession session(theirs.url());
  session.Run(ReadFile("tests/store/import/graphile_worker.sql"));
  session.Run("SELECT graphile_worker.add_job('mail'), graphile_worker.add_job('mail')");
  session.Run(
      "UPDATE graphile_worker._private_jobs SET locked_at = now(), locked_by = 'pool-1', "
      "attempts = 1 WHERE id = 1");
  const std::vector<std::string> import = {"import", "--take-over", "--database-url", theirs.url()};
  const auto with = [&import](std::vector<std::string> more) {
    more.insert(more.begin(), import.begin(), import.end());
    return more;
  };

  EXPECT_EQ(RunAnywhere(with({"--dry-run"})), kExitError);
  EXPECT_THAT(out_, AllOf(HasSubstr("would move 2 jobs"), HasSubstr("in the way: 1 job ")));
  EXPECT_EQ(RunAnywhere(with({})), kExitError);
  EXPECT_THAT(out_, IsEmpty());
  EXPECT_THAT(err_, AllOf(HasSubstr("pool-1"), HasSubstr("--unlock")));
  EXPECT_EQ(RunAnywhere(with({"--unlock", "--json"})), kExitOk) << err_;
  const auto document = nlohmann::json::parse(out_);
  EXPECT_EQ(document["jobs"], 2);
  EXPECT_EQ(document["renamed_to"], "graphile_worker_before_leasehold");

  EXPECT_EQ(RunAnywhere({"list", "--schema", "graphile_worker", "--database-url", theirs.url()}),
            kExitOk)
      << err_;
  EXPECT_THAT(out_, HasSubstr("mail"));
}

}  // namespace
}  // namespace leasehold::cli
