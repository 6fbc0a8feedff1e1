#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sql/statements.h"
#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::HasSubstr;

class AddJobTest : public SqlTest {
 protected:
  SqlResult TryAdd(const std::string& arguments) {
    return sql_->Try("SELECT * FROM leasehold.add_job(" + arguments + ")");
  }
};

TEST_F(AddJobTest, FillsInTheDefaults) {
  EXPECT_EQ(
      sql_->Row("SELECT id, queue_name, task_identifier, priority, run_at = now(), attempts, "
                "max_attempts, last_error, key, locked_at, locked_by, revision, flags, payload "
                "FROM leasehold.add_job('mail')"),
      "1|NULL|mail|0|t|0|25|NULL|NULL|NULL|NULL|0|NULL|{}");
}

TEST_F(AddJobTest, TakesNullForTheDefault) {
  EXPECT_EQ(
      sql_->Row("SELECT priority, run_at = now(), max_attempts, revision, flags, payload FROM "
                "leasehold.add_job('mail', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"),
      "0|t|25|0|NULL|{}");
}

TEST_F(AddJobTest, TakesEveryParameter) {
  EXPECT_EQ(sql_->Row("SELECT queue_name, task_identifier, priority, run_at, max_attempts, key, "
                      "flags, payload FROM leasehold.add_job('mail', '{\"to\": 1.50}', 'ada', "
                      "'2040-01-01 00:00:00+00', 3, 'key', -5, '{b,a,b}', 'preserve_run_at')"),
            "ada|mail|-5|2040-01-01 00:00:00+00|3|key|{\"a\": true, \"b\": true}|{\"to\": 1.50}");
  EXPECT_EQ(sql_->Row("SELECT flags FROM leasehold.job_rows"), "{a,b}");
}

TEST_F(AddJobTest, KeepsNoEmptyFlags) {
  sql_->Run(
      "SELECT leasehold.add_job('mail', flags := '{}'), "
      "leasehold.add_job('mail', flags := '{NULL}')");

  EXPECT_EQ(sql_->Number("SELECT count(*) FROM leasehold.job_rows WHERE flags IS NULL"), 2);
}

TEST_F(AddJobTest, RefusesWhatIsOutOfBounds) {
  const struct {
    const char* arguments;
    const char* sqlstate;
    const char* message;
  } cases[] = {
      {"NULL", "23502", "\"task\""},
      {"''", "23514", "a_task_has_1_to_128_characters"},
      {"repeat('x', 129)", "23514", "a_task_has_1_to_128_characters"},
      {"'mail', queue_name := ''", "23514", "a_queue_name_has_1_to_128_characters"},
      {"'mail', queue_name := repeat('x', 129)", "23514", "a_queue_name_has_1_to_128_characters"},
      {"'mail', job_key := ''", "23514", "a_job_key_has_1_to_512_characters"},
      {"'mail', job_key := repeat('x', 513)", "23514", "a_job_key_has_1_to_512_characters"},
      {"'mail', max_attempts := 0", "23514", "a_job_has_at_least_one_attempt"},
      {"'mail', max_attempts := 32768", "22003", "smallint out of range"},
      {"'mail', priority := 32768", "22003", "smallint out of range"},
      {"'mail', run_at := '10000-01-01'", "23514", "a_job_runs_in_the_years_1_to_9999_or_never"},
      {"'mail', '{'", "22P02", "json"},
      {"'mail', job_key := 'k', job_key_mode := 'update'", "GWBKM", "unsafe_dedupe"},
      {"'mail', job_key_mode := 'update'", "GWBKM", "unsafe_dedupe"},
  };
  for (const auto& [arguments, sqlstate, message] : cases) {
    const SqlResult refused = TryAdd(arguments);
    EXPECT_EQ(refused.sqlstate, sqlstate) << arguments;
    EXPECT_THAT(refused.message, HasSubstr(message)) << arguments;
  }
  EXPECT_EQ(sql_->Number("SELECT count(*) FROM leasehold.job_rows"), 0);
}

TEST_F(AddJobTest, ChecksEvenWhatWouldNotBeStored) {
  AddKeyed("k");
  for (const char* arguments : {"''", "'mail', max_attempts := 0", "'mail', queue_name := ''"}) {
    EXPECT_EQ(TryAdd(std::string(arguments) + ", job_key := 'k', job_key_mode := 'unsafe_dedupe'")
                  .sqlstate,
              "23514")
        << arguments;
  }
}

TEST_F(AddJobTest, TakesWhatIsJustWithinBounds) {
  for (const char* arguments :
       {"repeat('ü', 128)", "'mail', queue_name := repeat('ü', 128)",
        "'mail', job_key := repeat('ü', 512)", "'mail', max_attempts := 32767, priority := -32768",
        "'mail', run_at := 'infinity'", "'mail', run_at := '9999-12-31 23:59:59.999999+00'",
        "'mail', 'null'"}) {
    EXPECT_EQ(TryAdd(arguments).sqlstate, "") << arguments;
  }
}

TEST_F(AddJobTest, FillsTheInboxAndNotifies) {
  const auto listener = Connect();
  listener->Run("LISTEN \"leasehold/leasehold\"");

  sql_->Run("SELECT leasehold.add_job('mail')");

  EXPECT_EQ(TakeInbox(), "1");
  EXPECT_TRUE(listener->Notified("leasehold/leasehold"));
}

TEST_F(AddJobTest, LeavesTheWakeUpToThePollWhereNotifyIsOff) {
  const auto listener = Connect();
  listener->Run("LISTEN \"leasehold/leasehold\"");

  for (const char* off : {"off", "OFF", "false"}) {
    sql_->Run("SET leasehold.notify = " + std::string(off));
    sql_->Run("SELECT leasehold.add_job('mail')");
  }

  EXPECT_EQ(TakeInbox(), "1,2,3");
  EXPECT_FALSE(listener->Notified("leasehold/leasehold"));
  sql_->Run("RESET leasehold.notify; SELECT leasehold.add_job('mail')");
  EXPECT_TRUE(listener->Notified("leasehold/leasehold"));
}

TEST_F(AddJobTest, CanBePreparedForTwoPhaseCommitWithoutNotify) {
  sql_->Run("SET leasehold.notify = off; BEGIN; SELECT leasehold.add_job('mail')");
  const SqlResult prepared = sql_->Try("PREPARE TRANSACTION 'mail'");

  // Where the server allows none at all, it says so before it looks for notifications.
  EXPECT_THAT(prepared.sqlstate, ::testing::AnyOf("", "55000")) << prepared.message;
  EXPECT_THAT(prepared.message, ::testing::Not(HasSubstr("NOTIFY")));
}

TEST_F(AddJobTest, WorksFromATriggerInTheCallersTransaction) {
  sql_->Run(
      "CREATE TABLE users (name text); "
      "CREATE FUNCTION welcome() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM "
      "leasehold.add_job('welcome', json_build_object('name', NEW.name)); RETURN NEW; END $$; "
      "CREATE TRIGGER welcome AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION welcome()");

  sql_->Run("BEGIN; INSERT INTO users VALUES ('ada'); ROLLBACK");
  sql_->Run("BEGIN; INSERT INTO users VALUES ('bob'), ('cy'); COMMIT");

  EXPECT_EQ(
      sql_->Row("SELECT string_agg(payload->>'name', ',' ORDER BY id) FROM leasehold.job_rows"),
      "bob,cy");
}

TEST_F(AddJobTest, WorksWithoutAnyReadableTableWhereExecuteIsGranted) {
  sql_->Run("CREATE ROLE producer LOGIN; GRANT USAGE ON SCHEMA leasehold TO producer");
  SqlSession producer(database_.url() + "&user=producer");
  EXPECT_EQ(producer.Try("SELECT leasehold.add_job('mail')").sqlstate, "42501");

  sql_->Run("GRANT EXECUTE ON FUNCTION leasehold.add_job TO producer");

  EXPECT_EQ(producer.Row("SELECT task_identifier FROM leasehold.add_job('mail', job_key := 'k')"),
            "mail");
  EXPECT_EQ(producer.Try("SELECT * FROM leasehold.job_rows").sqlstate, "42501");
  EXPECT_EQ(producer.Try("SELECT leasehold.put_jobs('{}', now())").sqlstate, "42501");
  sql_->Run("DROP OWNED BY producer; DROP ROLE producer");
}

TEST_F(AddJobTest, IsNotMisledByTheCallersSearchPath) {
  sql_->Run(
      "CREATE SCHEMA evil; CREATE FUNCTION evil.coalesced(text) RETURNS text LANGUAGE sql AS "
      "'SELECT $1'; CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN "
      "RAISE 'evil'; END $$; CREATE TEMP TABLE job_rows (id bigint); "
      "SET search_path = evil, pg_catalog, pg_temp");

  EXPECT_EQ(sql_->Row("SELECT task_identifier FROM leasehold.add_job('mail', job_key := 'k')"),
            "mail");
}

TEST_F(AddJobTest, AddsManyInOrder) {
  EXPECT_EQ(
      sql_->Row(
          "SELECT string_agg(concat_ws(' ', n, id, task_identifier, key), ',' ORDER BY n) FROM "
          "leasehold.add_jobs(ARRAY[('a',NULL,NULL,NULL,NULL,NULL,NULL,NULL), "
          "('b',NULL,NULL,NULL,NULL,'z',NULL,NULL), ('c',NULL,NULL,NULL,NULL,'y',NULL,NULL), "
          "('d',NULL,NULL,NULL,NULL,NULL,NULL,NULL)]::leasehold.job_spec[]) WITH ORDINALITY "
          "AS t (id, q, task_identifier, p, r, at, m, e, c, u, key, l, b, v, f, y, n)"),
      "1 1 a,2 2 b z,3 3 c y,4 4 d");
  EXPECT_EQ(TakeInbox(), "1,2,3,4");
}

TEST_F(AddJobTest, LetsTheLaterOfTwoSpecsWithOneKeyWin) {
  EXPECT_EQ(
      sql_->Row("SELECT count(*), count(DISTINCT id), min(task_identifier), min(revision) FROM "
                "leasehold.add_jobs(ARRAY[('a',NULL,NULL,NULL,NULL,'k',NULL,NULL), "
                "('b',NULL,NULL,NULL,NULL,'k',NULL,NULL)]::leasehold.job_spec[])"),
      "2|1|b|1");
}

TEST_F(AddJobTest, AddsNoneOfNone) {
  EXPECT_EQ(sql_->Number("SELECT count(*) FROM leasehold.add_jobs('{}')"), 0);
  EXPECT_EQ(sql_->Number("SELECT count(*) FROM leasehold.add_jobs(NULL)"), 0);
  EXPECT_EQ(TakeInbox(), "");
}

TEST_F(AddJobTest, AddsAllOrNone) {
  EXPECT_EQ(sql_->Try("SELECT * FROM leasehold.add_jobs(ARRAY[('a',NULL,NULL,NULL,NULL,NULL,NULL,"
                      "NULL), ('',NULL,NULL,NULL,NULL,NULL,NULL,NULL)]::leasehold.job_spec[])")
                .sqlstate,
            "23514");
  EXPECT_EQ(sql_->Number("SELECT count(*) FROM leasehold.job_rows"), 0);
}

}  // namespace
}  // namespace leasehold::testing
