#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/store/migrator/migrator.h"
#include "tests/sql/sql_fixture.h"

// Programs that were written for Graphile Worker, on our schema under its name. The statements are
// those that its library sends, as its source has them (graphile-worker 0.18).
namespace leasehold::testing {
namespace {

using ::testing::HasSubstr;

absl::Status MigrateTheirSchema(const std::string& url) {
  return store::Migrate(url, {.schema = "graphile_worker"}).status();
}

// addJob, addJobs, completeJobs, permanentlyFailJobs, rescheduleJobs, forceUnlockWorkers.
constexpr char kAddJob[] = R"(
  select * from "graphile_worker".add_job(
    identifier => $1::text,
    payload => $2::json,
    queue_name => $3::text,
    run_at => $4::timestamptz,
    max_attempts => $5::int,
    job_key => $6::text,
    priority => $7::int,
    flags => $8::text[],
    job_key_mode => $9::text
  );)";
constexpr char kAddJobs[] = R"(
  select *
  from "graphile_worker".add_jobs(
    array(
      select json_populate_recordset(null::"graphile_worker".job_spec, $1::json)
    ),
    $2::boolean
  );)";
constexpr char kCompleteJobs[] = R"(
  select * from "graphile_worker".complete_jobs($1::bigint[]))";
constexpr char kFailJobs[] = R"(
  select * from "graphile_worker".permanently_fail_jobs($1::bigint[], $2::text))";
constexpr char kRescheduleJobs[] = R"(
  select * from "graphile_worker".reschedule_jobs(
    $1::bigint[],
    run_at := $2::timestamptz,
    priority := $3::int,
    attempts := $4::int,
    max_attempts := $5::int
  ))";
constexpr char kForceUnlock[] = R"(select "graphile_worker".force_unlock_workers($1::text[]);)";
// What makeWorkerUtils and quickAddJob do before anything else.
constexpr char kLookAtMigrations[] = R"(
  select current_setting('server_version_num') as server_version_num,
  (select id from "graphile_worker".migrations order by id desc limit 1) as id,
  (select id from "graphile_worker".migrations where breaking is true order by id desc limit 1)
    as biggest_breaking_id;)";

class GraphileWorkerTest : public ::testing::Test {
 protected:
  GraphileWorkerTest() { sql_.Run("SET TimeZone = 'UTC'"); }

  // Columns of all jobs, ordered by id.
  std::string Jobs(const std::string& columns) {
    return sql_.Row("SELECT string_agg(concat_ws(' ', " + columns +
                    "), ', ' ORDER BY id) FROM graphile_worker.job_rows");
  }

  SqlResult Send(const char* text, const SqlParameters& parameters) {
    return sql_.Run(sql::Statement{"theirs", text}, parameters);
  }

  TestDatabase database_{MigrateTheirSchema};
  SqlSession sql_{database_.url()};
};

TEST_F(GraphileWorkerTest, FindsNothingToMigrateAndNothingToStopFor) {
  const SqlResult found = Send(kLookAtMigrations, {});

  EXPECT_GE(std::stoi(found.rows.at(0).at(1)), 1000000);
  EXPECT_LT(std::stoi(found.rows[0][2]), 11) << "versions before had 11 migrations";
}

TEST_F(GraphileWorkerTest, AddsJobs) {
  const std::optional<std::string> null;
  Send(kAddJob, {"mail", "{}", null, null, null, null, null, null, null});
  const SqlResult all = Send(kAddJob, {"mail", "{\"a\":1}", "q", "2040-01-01T00:00:00.000Z", "3",
                                       "k", "-2", "{a,b}", "preserve_run_at"});
  Send(kAddJob, {"post", "[1]", null, null, null, "l", null, null, "replace"});
  Send(kAddJob, {"post", "[2]", null, null, null, "l", null, null, null});
  Send(kAddJob, {"post", "[3]", null, null, null, "l", null, null, "unsafe_dedupe"});

  EXPECT_EQ(Jobs("task, payload, job_key, queue_name, priority, max_attempts, flags"),
            "mail {} 0 25, mail {\"a\":1} k q -2 3 {a,b}, post [1,2] l 0 25");
  EXPECT_EQ(all.rows.at(0).at(4), "2040-01-01 00:00:00+00");
}

TEST_F(GraphileWorkerTest, AddsManyJobs) {
  const std::string specs =
      R"([{"identifier":"a","payload":{"x":1}},{"identifier":"b","payload":[1],"queue_name":"q",)"
      R"("run_at":"2041-01-01T00:00:00.000Z","max_attempts":2,"job_key":"z","priority":4,)"
      R"("flags":["f"]}])";
  EXPECT_EQ(Send(kAddJobs, {specs, std::nullopt}).rows.size(), 2u);
  Send(kAddJobs, {R"([{"identifier":"b","payload":[2],"job_key":"z"}])", "true"});

  EXPECT_EQ(Jobs("task, payload, job_key, run_at > '2041-01-01Z'::timestamptz - interval '1 s'"),
            "a {\"x\":1} f, b [1,2] z t");
}

TEST_F(GraphileWorkerTest, ChangesJobs) {
  for (const char* key : {"a", "b", "c"}) {
    sql_.Run("select graphile_worker.add_job('mail', job_key := '" + std::string(key) + "')");
  }
  EXPECT_EQ(Send(kCompleteJobs, {"{\"1\"}"}).rows.size(), 1u);
  EXPECT_EQ(Send(kFailJobs, {"{\"2\"}", std::nullopt}).rows.size(), 1u);
  EXPECT_EQ(
      Send(kRescheduleJobs, {"{\"3\"}", "2042-01-01T00:00:00.000Z", "5", "1", "7"}).rows.size(),
      1u);
  EXPECT_EQ(Send(kForceUnlock, {"{\"w1\"}"}).rows.size(), 1u);

  EXPECT_EQ(Jobs("job_key, priority, attempts, max_attempts, last_error"),
            "b 0 25 25 Manually marked as failed, c 5 1 7");
}

// As people write them by hand.
TEST_F(GraphileWorkerTest, TakesCallsInEveryForm) {
  for (const char* call : {
           "SELECT graphile_worker.add_job('mail', json_build_object('name', 'Bobby Tables'))",
           "SELECT graphile_worker.add_job('mail', '{\"a\": 1}', 'queue', now() + '1 day', 5, "
           "'key1', 0, ARRAY['f'], 'replace')",
           "SELECT (graphile_worker.add_job('mail', '{}'::json)).id",
           "SELECT (graphile_worker.add_job('mail', '{}'::jsonb::json)).payload",
           "SELECT id, task_identifier FROM graphile_worker.add_job('mail', to_json(1))",
           "SELECT graphile_worker.add_job(identifier := 'mail', job_key := 'key2', "
           "max_attempts := 3::smallint, priority := 1::smallint, run_at := '2040-01-01')",
           "SELECT graphile_worker.add_job('mail', payload := row_to_json(t)) "
           "FROM (VALUES (1, 'a'), (2, 'b')) AS t (id, name)",
           "SELECT * FROM graphile_worker.add_jobs((SELECT array_agg(json_populate_record("
           "null::graphile_worker.job_spec, json_build_object('identifier', 'mail', 'payload', "
           "json_build_object('n', n)))) FROM generate_series(1, 3) AS n))",
           "SELECT graphile_worker.add_jobs(ARRAY[('mail', '{}', NULL, NULL, NULL, NULL, NULL, "
           "NULL)]::graphile_worker.job_spec[], job_key_preserve_run_at := true)",
           "DO $$ BEGIN PERFORM graphile_worker.add_job('mail', '{}'); END $$",
           "DO $$ DECLARE job record; BEGIN job := graphile_worker.add_job('mail', '{}'); "
           "ASSERT job.id > 0; END $$",
           "SELECT graphile_worker.remove_job('key1')",
           "SELECT (graphile_worker.remove_job('key2')).id",
           "DO $$ BEGIN PERFORM graphile_worker.remove_job('key3'); END $$",
       }) {
    EXPECT_EQ(sql_.Try(call).sqlstate, "") << call;
  }
  EXPECT_EQ(sql_.Row("SELECT count(*), count(DISTINCT task) FROM graphile_worker.job_rows "
                     "WHERE job_key IS NULL"),
            "12|1");
}

// A worker, not a producer: it looks for tables that are not there.
TEST_F(GraphileWorkerTest, RefusesItsWorkers) {
  for (const char* table : {"_private_tasks", "_private_jobs", "_private_known_crontabs"}) {
    const SqlResult refused = sql_.Try("SELECT * FROM graphile_worker." + std::string(table));
    EXPECT_EQ(refused.sqlstate, "42P01");
    EXPECT_THAT(refused.message, HasSubstr(table));
  }
}

}  // namespace
}  // namespace leasehold::testing
