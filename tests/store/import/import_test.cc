#include "server/store/import/import.h"

#include <gmock/gmock.h>

#include "server/store/migrator/migrator.h"
#include "tests/store/import/import_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kOurs[] =
    "SELECT id, task, queue_name, priority, run_at, attempts, max_attempts, last_error, job_key, "
    "flags, revision, created_at, updated_at, payload, activation "
    "FROM leasehold.job_rows WHERE id = ";

TEST_F(ImportTest, MovesAJobWithEveryValue) {
  const int64_t id = AddTheirs(
      "'mail', '{\"b\": 1.50,\n\"a\":\"\\u00e9\",\"b\":2}', 'tenant', '2030-01-02 "
      "03:04:05.678901+00', "
      "7, 'k', -5, '{slow,eu}'");
  sql_.Run(
      "UPDATE graphile_worker._private_jobs SET attempts = 3, last_error = 'no route', "
      "revision = 4, created_at = '2020-01-01 00:00:00+00', updated_at = '2021-01-01 00:00:00+00'");
  sql_.Run("SET TimeZone = 'UTC'");

  const auto report = Import();

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->program, "graphile-worker");
  EXPECT_EQ(report->jobs, 1);
  EXPECT_EQ(report->queues, 1);
  EXPECT_EQ(sql_.Row(kOurs + std::to_string(id)),
            "1|mail|tenant|-5|2030-01-02 03:04:05.678901+00|3|7|no route|k|{eu,slow}|4|"
            "2020-01-01 00:00:00+00|2021-01-01 00:00:00+00|"
            "{\"b\": 1.50,\n\"a\":\"\\u00e9\",\"b\":2}|0");
  EXPECT_EQ(CountTheirs(), 0);
}

TEST_F(ImportTest, FillsInWhatAJobThereLacks) {
  const int64_t id = AddTheirs("'mail'");

  ASSERT_TRUE(Import().ok());

  EXPECT_EQ(sql_.Row("SELECT task, queue_name, job_key, flags, last_error, payload "
                     "FROM leasehold.job_rows WHERE id = " +
                     std::to_string(id)),
            "mail|NULL|NULL|NULL|NULL|{}");
}

TEST_F(ImportTest, MovesJobsThatHavePermanentlyFailed) {
  const int64_t id = AddTheirs("'mail'");
  sql_.Run("SELECT graphile_worker.permanently_fail_jobs(ARRAY[" + std::to_string(id) + "], 'no')");

  const auto report = Import();

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->failed, 1);
  EXPECT_EQ(sql_.Row("SELECT attempts, max_attempts, last_error FROM leasehold.job_rows"),
            "25|25|no");
}

TEST_F(ImportTest, MovesKnownCrontabsAndKeepsTheLaterExecution) {
  sql_.Run(
      "INSERT INTO graphile_worker._private_known_crontabs VALUES "
      "('daily', '2020-01-01', '2025-05-05'), ('new', '2020-01-01', NULL)");
  ASSERT_TRUE(store::Migrate(database_.url()).ok());
  sql_.Run("INSERT INTO leasehold.known_crontabs VALUES ('daily', '2024-01-01', '2024-05-05')");

  const auto report = Import();

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->crontabs, 2);
  EXPECT_EQ(sql_.Row("SELECT string_agg(concat_ws(' ', identifier, known_since::date, "
                     "last_execution::date), ', ' ORDER BY identifier) "
                     "FROM leasehold.known_crontabs"),
            "daily 2020-01-01 2025-05-05, new 2020-01-01");
  EXPECT_EQ(sql_.Number("SELECT count(*) FROM graphile_worker._private_known_crontabs"), 0);
}

TEST_F(ImportTest, ReadsASchemaOfTheRustProgram) {
  RunFile("graphile_worker_rs.sql");
  AddTheirs("'mail'");

  const auto report = Import();

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->program, "graphile_worker_rs");
  EXPECT_EQ(report->jobs, 1);
}

TEST_F(ImportTest, KeepsTheIdsWhereOursHasGivenNoneOut) {
  sql_.Run("ALTER TABLE graphile_worker._private_jobs ALTER id RESTART WITH 1000");
  AddTheirs("'first'");
  AddTheirs("'second'");

  const auto report = Import();

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->keeps_ids);
  EXPECT_EQ(sql_.Row("SELECT string_agg(id || ' ' || task, ', ' ORDER BY id) "
                     "FROM leasehold.job_rows"),
            "1000 first, 1001 second");
  EXPECT_EQ(sql_.Number("SELECT id FROM leasehold.add_job('third')"), 1002);
}

TEST_F(ImportTest, GivesNewIdsInTheSameOrderWhereOursHasJobs) {
  ASSERT_TRUE(store::Migrate(database_.url()).ok());
  sql_.Run("SELECT leasehold.add_job('ours')");
  sql_.Run("DELETE FROM leasehold.inbox");
  AddTheirs("'first'");
  AddTheirs("'second'");
  SqlSession listener(database_.url());
  listener.Run("LISTEN \"leasehold/leasehold\"");

  const auto report = Import();

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->keeps_ids);
  EXPECT_EQ(sql_.Row("SELECT string_agg(id || ' ' || task, ', ' ORDER BY id) "
                     "FROM leasehold.job_rows"),
            "1 ours, 2 first, 3 second");
  // The leader hears of them.
  EXPECT_EQ(sql_.Row("SELECT array_agg(job_id ORDER BY job_id) FROM leasehold.inbox"), "{2,3}");
  EXPECT_TRUE(listener.Notified("leasehold/leasehold"));
}

TEST_F(ImportTest, TakesTheFlagsThatTheirOperatorFinds) {
  const char* const flags[] = {R"({"b": false, "a": true})", R"(["x", 1, "x"])", R"("alone")", "{}",
                               "17"};
  for (const char* value : flags) {
    const int64_t id = AddTheirs("'mail'");
    sql_.Run(std::string("UPDATE graphile_worker._private_jobs SET flags = '") + value +
             "' WHERE id = " + std::to_string(id));
  }

  ASSERT_TRUE(Import().ok());

  EXPECT_EQ(sql_.Row("SELECT string_agg(coalesce(flags::text, 'none'), ' ' ORDER BY id) "
                     "FROM leasehold.job_rows"),
            "{a,b} {x} {alone} none none");
}

TEST_F(ImportTest, PutsTheQueueWithTheEmptyNameIntoAQueueAndSaysSo) {
  AddTheirs("'mail', queue_name := ''");

  const auto report = Import();

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(sql_.Row("SELECT queue_name FROM leasehold.job_rows"), "(empty)");
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("queue \"(empty)\"")));
}

TEST_F(ImportTest, BringsValuesWithinTheirBoundsAndSaysSo) {
  AddTheirs("'mail', run_at := '0044-03-15 BC'");
  AddTheirs("'mail', run_at := '12000-01-01'");
  AddTheirs("'mail', run_at := 'infinity'");
  const int64_t id = AddTheirs("'mail', run_at := '2030-01-01'");
  sql_.Run(
      "UPDATE graphile_worker._private_jobs SET attempts = 9, max_attempts = 5, "
      "last_error = repeat('x', 70000) WHERE id = " +
      std::to_string(id));

  const auto report = Import();

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(sql_.Row("SELECT array_agg(run_at::date ORDER BY id) FROM leasehold.job_rows"),
            "{-infinity,infinity,infinity,2030-01-01}");
  EXPECT_EQ(sql_.Row("SELECT attempts, length(last_error) FROM leasehold.job_rows WHERE id = " +
                     std::to_string(id)),
            "5|65536");
  EXPECT_THAT(report->warnings,
              ElementsAre(HasSubstr("1 job with more attempts"), HasSubstr("2 jobs with a run_at"),
                          HasSubstr("1 job keep the first 65,536")));
}

TEST_F(ImportTest, RefusesJobsThatNameNoTaskOrQueue) {
  AddTheirs("''");
  AddTheirs("'gone'");
  AddTheirs("'mail', queue_name := 'gone'");
  sql_.Run(
      "DELETE FROM graphile_worker._private_tasks WHERE identifier = 'gone';"
      "DELETE FROM graphile_worker._private_job_queues WHERE queue_name = 'gone'");
  const std::string before = Theirs();

  const auto report = Import();

  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Text(report), HasSubstr("1 (its task has no name), 2 (its task is gone), "
                                      "3 (its queue is gone)"));
  EXPECT_EQ(Theirs(), before);
}

TEST_F(ImportTest, RefusesWhileJobsAreLockedAndNamesTheWorkers) {
  LockTheirs(AddTheirs("'mail'"), "pool-1");
  LockTheirs(AddTheirs("'mail'"), "pool-1");
  LockTheirs(AddTheirs("'mail'"), "pool-2");
  AddTheirs("'mail'");
  const std::string before = Theirs();

  const auto report = Import();

  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Text(report), HasSubstr("3 jobs in \"graphile_worker\" are locked by "
                                      "pool-1 (2 jobs since "));
  EXPECT_THAT(Text(report), HasSubstr("pool-2 (1 job since "));
  EXPECT_THAT(Text(report), HasSubstr("--unlock"));
  EXPECT_EQ(Theirs(), before);
  EXPECT_EQ(sql_.Row("SELECT to_regnamespace('leasehold')"), "NULL");
}

TEST_F(ImportTest, GivesTheAttemptBackWhenItUnlocks) {
  LockTheirs(AddTheirs("'first try'"), "pool-1");
  const int64_t last = AddTheirs("'last try', max_attempts := 3");
  sql_.Run("UPDATE graphile_worker._private_jobs SET attempts = 2 WHERE id = " +
           std::to_string(last));
  LockTheirs(last, "pool-1");

  const auto report = Import({.unlock = true});

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->locked, 2);
  EXPECT_EQ(sql_.Row("SELECT array_agg(attempts ORDER BY id) FROM leasehold.job_rows"), "{0,2}");
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("runs its job a second time")));
}

TEST_F(ImportTest, RefusesKeysThatAJobOfOursHas) {
  ASSERT_TRUE(store::Migrate(database_.url()).ok());
  sql_.Run("SELECT leasehold.add_job('ours', job_key := 'invoice 17')");
  AddTheirs("'mail', job_key := 'invoice 17'");
  AddTheirs("'mail', job_key := 'invoice 18'");
  const std::string before = Theirs();

  const auto report = Import();

  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Text(report), HasSubstr("the same key: \"invoice 17\";"));
  EXPECT_EQ(Theirs(), before);
  EXPECT_EQ(sql_.Number("SELECT count(*) FROM leasehold.job_rows"), 1);
}

TEST_F(ImportTest, ChangesNothingInADryRunAndSaysWhatItWould) {
  AddTheirs("'mail', queue_name := 'q'");
  AddTheirs("'mail'");
  LockTheirs(AddTheirs("'report'"), "pool-1");
  const std::string before = Theirs();

  const auto report = Import({.dry_run = true});

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->jobs, 3);
  ASSERT_EQ(report->tasks.size(), 2);
  EXPECT_EQ(report->tasks[0].name, "mail");
  EXPECT_EQ(report->tasks[0].jobs, 2);
  EXPECT_EQ(report->tasks[1].locked, 1);
  EXPECT_TRUE(report->creates_schema);
  EXPECT_THAT(report->obstacles, ElementsAre(HasSubstr("pool-1")));
  EXPECT_EQ(Theirs(), before);
  EXPECT_EQ(sql_.Row("SELECT to_regnamespace('leasehold')"), "NULL");
}

TEST_F(ImportTest, MovesNothingTwice) {
  AddTheirs("'mail'");
  ASSERT_TRUE(Import().ok());
  AddTheirs("'late'");

  const auto again = Import();

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->jobs, 1);
  EXPECT_EQ(sql_.Row("SELECT array_agg(task ORDER BY id) FROM leasehold.job_rows"), "{mail,late}");
}

TEST_F(ImportTest, GivesWayToATransactionThatHoldsTheirJobs) {
  AddTheirs("'mail'");
  SqlSession worker(database_.url());
  worker.Run("BEGIN; SELECT FROM graphile_worker._private_jobs FOR UPDATE");

  const auto blocked = Import();

  EXPECT_EQ(blocked.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Text(blocked), HasSubstr("could not be locked"));
  worker.Run("ROLLBACK");
  EXPECT_EQ(CountTheirs(), 1);
  EXPECT_TRUE(Import().ok());
}

TEST_F(ImportTest, RefusesASchemaOfAnEarlyGraphileWorker) {
  sql_.Run(
      "CREATE SCHEMA early; CREATE TABLE early.migrations (id integer);"
      "CREATE TABLE early.jobs (id bigint, task_identifier text)");

  const auto report = Import({.from_schema = "early"});

  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Text(report), HasSubstr("graphile-worker --schema-only"));
}

TEST_F(ImportTest, RefusesWhatIsNotTheirs) {
  sql_.Run("CREATE SCHEMA shop; CREATE TABLE shop.orders (id bigint)");
  ASSERT_TRUE(store::Migrate(database_.url()).ok());

  EXPECT_THAT(Text(Import({.from_schema = "shop"})), HasSubstr("is neither"));
  EXPECT_THAT(Text(Import({.from_schema = "nowhere"})), HasSubstr("there is no schema"));
  EXPECT_THAT(Text(Import({.from_schema = "leasehold"})), HasSubstr("Leasehold's own"));
}

TEST_F(ImportTest, RefusesABreakingMigrationThatIsNotKnown) {
  sql_.Run("INSERT INTO graphile_worker.migrations VALUES (21, now(), false)");
  const auto tolerated = Import({.dry_run = true});
  sql_.Run("INSERT INTO graphile_worker.migrations VALUES (22, now(), true)");
  const auto refused = Import({.dry_run = true});

  ASSERT_TRUE(tolerated.ok()) << tolerated.status();
  EXPECT_THAT(tolerated->warnings, ElementsAre(HasSubstr("number 21")));
  EXPECT_THAT(Text(refused), HasSubstr("upgrade Leasehold"));
}

TEST_F(ImportTest, RefusesOurSchemaWhileItLacksMigrations) {
  store::MigrateOptions old;
  old.migrations.pop_back();
  ASSERT_TRUE(store::Migrate(database_.url(), old).ok());

  EXPECT_THAT(Text(Import()), HasSubstr("run leasehold migrate"));
}

TEST_F(ImportTest, RefusesARoleThatDoesNotOwnTheirJobs) {
  sql_.Run(
      "CREATE ROLE stranger LOGIN; GRANT ALL ON SCHEMA graphile_worker TO stranger;"
      "GRANT ALL ON ALL TABLES IN SCHEMA graphile_worker TO stranger");

  const auto report = store::Import(database_.url() + "&user=stranger", {});

  sql_.Run("DROP OWNED BY stranger; DROP ROLE stranger");
  EXPECT_EQ(report.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(Text(report), HasSubstr("belong to the role \"leasehold\""));
}

TEST_F(ImportTest, NamesTheRightThatARoleLacks) {
  sql_.Run(
      "CREATE ROLE tenant LOGIN;"
      "DO $$ DECLARE name text; BEGIN FOR name IN SELECT relname FROM pg_class "
      "WHERE relnamespace = 'graphile_worker'::regnamespace AND relkind = 'r' LOOP "
      "EXECUTE format('ALTER TABLE graphile_worker.%I OWNER TO tenant', name); END LOOP; END $$;"
      "GRANT USAGE ON SCHEMA graphile_worker TO tenant");

  // It owns their jobs, and may not create a schema.
  const auto report = store::Import(database_.url() + "&user=tenant", {});

  EXPECT_EQ(report.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(Text(report), HasSubstr("who may create schemas"));
  EXPECT_FALSE(Text(report).find('\n') != std::string::npos) << Text(report);
  sql_.Run("DROP OWNED BY tenant CASCADE; DROP ROLE tenant");
}

TEST_F(ImportTest, SaysThatNobodyAnswers) {
  const auto report = store::Import("postgresql://nobody@127.0.0.1:1/nothing", {});

  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Text(report), HasSubstr("correct --database-url"));
}

}  // namespace
}  // namespace leasehold::testing
