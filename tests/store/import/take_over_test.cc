#include <gmock/gmock.h>

#include <thread>
#include <utility>
#include <vector>

#include "server/store/import/import.h"
#include "server/store/migrator/migrator.h"
#include "tests/end_to_end/eventually.h"
#include "tests/store/import/import_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr store::ImportOptions kTakeOver = {.take_over = true};

// What stands under the old name afterwards is ours.
class TakeOverTest : public ImportTest {
 protected:
  // Whether this role may run the statement.
  bool May(const std::string& role, const std::string& statement) {
    const SqlResult result =
        sql_.Try("BEGIN; SET LOCAL ROLE " + role + "; " + statement + "; ROLLBACK");
    if (!result.sqlstate.empty()) sql_.Run("ROLLBACK");
    return result.sqlstate.empty();
  }

  ~TakeOverTest() override {
    sql_.Run("DROP SCHEMA IF EXISTS graphile_worker, graphile_worker_before_leasehold CASCADE");
    for (const char* role : {"producer", "monitor", "tenant"}) {
      if (sql_.Number(std::string("SELECT count(*) FROM pg_roles WHERE rolname = '") + role + "'") >
          0) {
        sql_.Run(std::string("DROP OWNED BY ") + role + "; DROP ROLE " + role);
      }
    }
  }
};

TEST_F(TakeOverTest, PutsOursUnderTheirNameWithTheirJobs) {
  const int64_t id = AddTheirs("'mail', '{\"to\": \"you\"}', job_key := 'k'");

  const auto report = Import(kTakeOver);

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->renamed_to, "graphile_worker_before_leasehold");
  EXPECT_EQ(sql_.Row("SELECT id, task, payload, job_key FROM graphile_worker.job_rows"),
            std::to_string(id) + "|mail|{\"to\": \"you\"}|k");
  EXPECT_EQ(sql_.Number("SELECT count(*) FROM graphile_worker_before_leasehold._private_jobs"), 0);
  EXPECT_EQ(sql_.Number("SELECT id FROM graphile_worker.add_job('mail')"), id + 1);
}

TEST_F(TakeOverTest, LeavesASchemaThatTheServerTakesForItsOwn) {
  ASSERT_TRUE(Import(kTakeOver).ok());

  const auto report = store::Migrate(database_.url(), {.schema = "graphile_worker"});

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->applied, IsEmpty());
  EXPECT_THAT(report->warnings, IsEmpty());
}

TEST_F(TakeOverTest, ServesAProducerWhosePlansAreOlder) {
  SqlSession producer(database_.url());
  producer.Run(
      "CREATE FUNCTION place_order() RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
      "PERFORM graphile_worker.add_job('order'); END $$;"
      "PREPARE add AS SELECT (graphile_worker.add_job('mail', $1)).id");
  producer.Run("EXECUTE add('{}'); EXECUTE add('{}'); SELECT place_order(); SELECT place_order()");

  ASSERT_TRUE(Import(kTakeOver).ok());
  producer.Run("EXECUTE add('{\"n\": 5}'); SELECT place_order()");

  EXPECT_EQ(sql_.Row("SELECT array_agg(task ORDER BY id) FROM graphile_worker.job_rows"),
            "{mail,mail,order,order,mail,order}");
}

TEST_F(TakeOverTest, FailsACallThatWaitedForItRatherThanLoseItsJob) {
  AddTheirs("'mail'");
  // Their schema is renamed only once somebody waits for a table of it.
  sql_.Run(
      "CREATE FUNCTION await_a_call() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
      "WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) LOOP PERFORM pg_sleep(0.002); "
      "END LOOP; END $$;"
      "CREATE EVENT TRIGGER await_a_call ON ddl_command_start WHEN TAG IN ('ALTER SCHEMA') "
      "EXECUTE FUNCTION await_a_call()");
  absl::StatusOr<store::ImportReport> report = absl::UnknownError("not run");
  std::thread import([&] { report = Import(kTakeOver); });
  const bool locked = Eventually([&] {
    return sql_.Number(
               "SELECT count(*) FROM pg_locks WHERE granted AND mode = 'ExclusiveLock' "
               "AND relation = 'graphile_worker._private_jobs'::regclass") > 0;
  });

  const SqlResult call =
      SqlSession(database_.url()).Try("SELECT graphile_worker.add_job('in the middle')");
  import.join();

  ASSERT_TRUE(locked);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(call.sqlstate, "42P01");
  EXPECT_EQ(sql_.Number("SELECT count(*) FROM graphile_worker_before_leasehold._private_jobs"), 0);
  sql_.Run("DROP EVENT TRIGGER await_a_call");
  sql_.Run("SELECT graphile_worker.add_job('again')");
  EXPECT_EQ(sql_.Row("SELECT array_agg(task ORDER BY id) FROM graphile_worker.job_rows"),
            "{mail,again}");
}

TEST_F(TakeOverTest, StopsTheirWorkersWithAnError) {
  SqlSession worker(database_.url());
  worker.Run(
      "PREPARE claim AS UPDATE graphile_worker._private_jobs SET locked_at = now() RETURNING id");
  AddTheirs("'mail'");

  ASSERT_TRUE(Import(kTakeOver).ok());

  EXPECT_EQ(worker.Try("EXECUTE claim").sqlstate, "42P01");
}

TEST_F(TakeOverTest, LetsEverybodyDoWhatTheyCouldAndNobodyMore) {
  sql_.Run(
      "CREATE ROLE producer; CREATE ROLE monitor;"
      "GRANT USAGE ON SCHEMA graphile_worker TO producer, monitor;"
      "GRANT SELECT ON graphile_worker.jobs TO monitor;"
      // A usual way to let a role add jobs.
      "ALTER FUNCTION graphile_worker.add_job SECURITY DEFINER;"
      "REVOKE EXECUTE ON FUNCTION graphile_worker.add_job FROM PUBLIC;"
      "GRANT EXECUTE ON FUNCTION graphile_worker.add_job TO producer");
  const std::pair<const char*, const char*> attempts[] = {
      {"producer", "SELECT id FROM graphile_worker.add_job('mail')"},
      {"producer", "SELECT id FROM graphile_worker.complete_jobs(ARRAY[1])"},
      {"producer", "SELECT count(*) FROM graphile_worker.jobs"},
      {"monitor", "SELECT id FROM graphile_worker.add_job('mail')"},
      {"monitor", "SELECT graphile_worker.force_unlock_workers(ARRAY['w'])"},
      {"monitor", "SELECT count(*) FROM graphile_worker.jobs"},
  };
  std::vector<bool> before;
  for (const auto& [role, statement] : attempts) before.push_back(May(role, statement));

  const auto report = Import(kTakeOver);

  ASSERT_TRUE(report.ok()) << report.status();
  std::vector<bool> after;
  for (const auto& [role, statement] : attempts) after.push_back(May(role, statement));
  EXPECT_EQ(after, before);
  EXPECT_THAT(after, ElementsAre(true, false, false, false, false, true));
  EXPECT_THAT(report->grants,
              ElementsAre("GRANT USAGE ON SCHEMA graphile_worker TO monitor",
                          "GRANT USAGE ON SCHEMA graphile_worker TO producer",
                          "GRANT SELECT ON graphile_worker.jobs TO monitor",
                          "GRANT EXECUTE ON FUNCTION graphile_worker.add_job TO producer"));
}

TEST_F(TakeOverTest, GivesNobodyMoreThanAPolicyAllowedThem) {
  sql_.Run(
      "CREATE ROLE adder; CREATE ROLE tenant; CREATE ROLE keeper;"
      "GRANT USAGE ON SCHEMA graphile_worker TO adder, tenant, keeper;"
      "GRANT ALL ON ALL TABLES IN SCHEMA graphile_worker TO adder, tenant, keeper;"
      "CREATE POLICY a ON graphile_worker._private_jobs FOR INSERT TO adder WITH CHECK (true);"
      "CREATE POLICY b ON graphile_worker._private_jobs TO tenant USING (priority = 7);"
      "CREATE POLICY c ON graphile_worker._private_jobs FOR DELETE TO keeper USING (true)");

  const auto report = Import(kTakeOver);

  ASSERT_TRUE(report.ok()) << report.status();
  std::vector<std::string> functions;
  for (const std::string& grant : report->grants) {
    if (grant.starts_with("GRANT EXECUTE")) functions.push_back(grant);
  }
  EXPECT_THAT(functions,
              ElementsAre("GRANT EXECUTE ON FUNCTION graphile_worker.add_job TO adder",
                          "GRANT EXECUTE ON FUNCTION graphile_worker.add_jobs TO adder",
                          "GRANT EXECUTE ON FUNCTION graphile_worker.complete_jobs TO keeper",
                          "GRANT EXECUTE ON FUNCTION graphile_worker.remove_job TO keeper"));
}

TEST_F(TakeOverTest, LetsTheirLibrarysProducersReadTheMigrations) {
  sql_.Run(
      "CREATE ROLE producer;"
      "GRANT USAGE ON SCHEMA graphile_worker TO producer;"
      "GRANT SELECT ON graphile_worker.migrations TO producer");

  ASSERT_TRUE(Import(kTakeOver).ok());

  EXPECT_TRUE(May("producer", "SELECT max(id) FROM graphile_worker.migrations"));
}

TEST_F(TakeOverTest, GrantsToPublicWhatEverybodyCouldDo) {
  sql_.Run(
      "CREATE ROLE producer;"
      "GRANT USAGE ON SCHEMA graphile_worker TO PUBLIC;"
      "ALTER FUNCTION graphile_worker.add_jobs SECURITY DEFINER;"
      "ALTER TABLE graphile_worker._private_jobs DISABLE ROW LEVEL SECURITY;"
      "GRANT ALL ON ALL TABLES IN SCHEMA graphile_worker TO PUBLIC");

  const auto report = Import(kTakeOver);

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(May("producer", "SELECT id FROM graphile_worker.add_job('mail')"));
  EXPECT_TRUE(May("producer", "SELECT id FROM graphile_worker.complete_jobs(ARRAY[1])"));
  EXPECT_THAT(report->grants[0], "GRANT USAGE ON SCHEMA graphile_worker TO PUBLIC");
}

TEST_F(TakeOverTest, GivesOursToWhoOwnedTheirs) {
  sql_.Run(
      "CREATE ROLE tenant LOGIN;"
      "DO $$ DECLARE name text; BEGIN FOR name IN SELECT relname FROM pg_class "
      "WHERE relnamespace = 'graphile_worker'::regnamespace AND relkind IN ('r', 'v') LOOP "
      "EXECUTE format('ALTER TABLE graphile_worker.%I OWNER TO tenant', name); END LOOP; END $$;"
      "ALTER SCHEMA graphile_worker OWNER TO tenant");
  AddTheirs("'mail'");

  ASSERT_TRUE(Import(kTakeOver).ok());

  EXPECT_EQ(sql_.Row("SELECT nspowner::regrole, (SELECT array_agg(DISTINCT relowner::regrole) "
                     "FROM pg_class WHERE relnamespace = pg_namespace.oid) "
                     "FROM pg_namespace WHERE nspname = 'graphile_worker'"),
            "tenant|{tenant}");
  EXPECT_TRUE(May("tenant", "SELECT graphile_worker.add_job('mail')"));
}

TEST_F(TakeOverTest, NamesWhatStaysBoundToTheRenamedSchema) {
  sql_.Run(
      "CREATE VIEW backlog AS SELECT count(*) FROM graphile_worker.jobs;"
      "CREATE TABLE kept (spec graphile_worker.job_spec)");

  const auto report = Import(kTakeOver);

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("column spec of table kept, view backlog")));
  sql_.Run("DROP VIEW backlog; DROP TABLE kept");
}

TEST_F(TakeOverTest, RefusesWhileTheNameForTheirsIsTaken) {
  AddTheirs("'mail'");
  sql_.Run("CREATE SCHEMA graphile_worker_before_leasehold");

  const auto report = Import(kTakeOver);

  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Text(report), HasSubstr("graphile_worker_before_leasehold"));
  EXPECT_EQ(CountTheirs(), 1);
}

TEST_F(TakeOverTest, ChangesNothingInADryRun) {
  AddTheirs("'mail'");
  const std::string before = Theirs();

  const auto report = Import({.dry_run = true, .take_over = true});

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->renamed_to, "graphile_worker_before_leasehold");
  EXPECT_EQ(Theirs(), before);
}

TEST_F(TakeOverTest, RefusesANameThatIsTooLongToBeRenamed) {
  const auto report =
      Import({.from_schema = "graphile_worker_and_a_name_that_is_far_too_long", .take_over = true});

  EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Text(report), HasSubstr("without --take-over"));
}

TEST_F(TakeOverTest, IsUndoneByThePublishedStatements) {
  AddTheirs("'mail', '{\"a\": [1, 2.50]}', 'q', '2030-01-01', 5, 'k', -1, '{eu}'");
  sql_.Run("UPDATE graphile_worker._private_jobs SET attempts = 2, last_error = 'no'");
  sql_.Run("INSERT INTO graphile_worker._private_known_crontabs VALUES ('daily', '2020-01-01')");
  const std::string jobs =
      "SELECT queue_name, task_identifier, priority, run_at, attempts, max_attempts, last_error, "
      "created_at, key, flags, (SELECT payload FROM graphile_worker._private_jobs) "
      "FROM graphile_worker.jobs";
  const std::string before = sql_.Row(jobs);
  ASSERT_TRUE(Import(kTakeOver).ok());

  RunFile("../../../docs/examples/undo_take_over.sql");

  EXPECT_EQ(sql_.Row(jobs), before);
  EXPECT_EQ(sql_.Row("SELECT identifier FROM graphile_worker._private_known_crontabs"), "daily");
  EXPECT_EQ(sql_.Number("SELECT count(*) FROM graphile_worker_of_leasehold.job_rows"), 0);
  AddTheirs("'mail'");
  EXPECT_EQ(CountTheirs(), 2);
  sql_.Run("DROP SCHEMA graphile_worker_of_leasehold CASCADE");
}

}  // namespace
}  // namespace leasehold::testing
