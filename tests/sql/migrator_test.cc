#include "server/store/migrator/migrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "sql/migrations.h"
#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// An empty database.
class MigratorTest : public ::testing::Test {
 protected:
  absl::StatusOr<store::MigrationReport> Migrate(const store::MigrateOptions& options = {}) {
    return store::Migrate(database_.url(), options);
  }

  // All migrations and one more, as the next release might have it.
  static store::MigrateOptions WithOneMore(std::string_view text, bool breaking = false) {
    store::MigrateOptions options;
    const int number = options.migrations.back().number + 1;
    options.migrations.push_back({number, "one_more", breaking, text});
    return options;
  }

  // Of our own migrations.
  int64_t Recorded() {
    return sql_.Number("SELECT count(*) FROM leasehold.migrations WHERE id < 1000000");
  }

  static std::string Text(const absl::StatusOr<store::MigrationReport>& report) {
    return std::string(report.status().message());
  }

  TestDatabase database_;
  SqlSession sql_{database_.url()};
};

TEST_F(MigratorTest, CreatesTheSchemaAndRecordsWhatItDid) {
  const auto report = Migrate();

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->applied, SizeIs(sql::kMigrations.size()));
  EXPECT_EQ(report->applied[0], "0001_create_tables");
  EXPECT_EQ(Recorded(), sql::kMigrations.size());
  EXPECT_EQ(sql_.Row("SELECT breaking FROM leasehold.migrations WHERE id = 1"), "t");
}

TEST_F(MigratorTest, DoesNothingTheSecondTime) {
  ASSERT_TRUE(Migrate().ok());

  const auto again = Migrate();

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->applied, IsEmpty());
}

TEST_F(MigratorTest, LetsOnlyOneOfManyMigrate) {
  std::vector<absl::StatusOr<store::MigrationReport>> reports(8, store::MigrationReport{});
  std::vector<std::thread> replicas;
  for (auto& report : reports) replicas.emplace_back([&] { report = Migrate(); });
  for (std::thread& replica : replicas) replica.join();

  size_t applied = 0;
  for (const auto& report : reports) {
    ASSERT_TRUE(report.ok()) << report.status();
    applied += report->applied.size();
  }
  EXPECT_EQ(applied, sql::kMigrations.size());
}

TEST_F(MigratorTest, TellsWhatIsPendingWithoutDoingIt) {
  const auto report = store::CheckMigrations(database_.url());

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->pending, SizeIs(sql::kMigrations.size()));
  EXPECT_EQ(sql_.Row("SELECT to_regnamespace('leasehold')"), "NULL");
}

TEST_F(MigratorTest, RefusesASchemaMadeByAnotherProgram) {
  sql_.Run("CREATE SCHEMA leasehold; CREATE TABLE leasehold.jobs (id integer)");

  const auto report = Migrate();

  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Text(report), HasSubstr("leasehold import --from-schema leasehold --take-over"));
  EXPECT_EQ(sql_.Number("SELECT count(*) FROM pg_tables WHERE schemaname = 'leasehold'"), 1);
}

TEST_F(MigratorTest, RefusesABreakingMigrationOfANewerLeasehold) {
  ASSERT_TRUE(Migrate().ok());
  sql_.Run("INSERT INTO leasehold.migrations VALUES (-90, now(), false), (-91, now(), true)");

  for (const auto& report : {Migrate(), store::CheckMigrations(database_.url())}) {
    EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(Text(report), HasSubstr("newer Leasehold (breaking: 91)"));
  }
}

TEST_F(MigratorTest, WarnsOfAHarmlessMigrationOfANewerLeasehold) {
  ASSERT_TRUE(Migrate().ok());
  sql_.Run("INSERT INTO leasehold.migrations VALUES (-90, now(), false)");

  const auto report = Migrate();

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("newer Leasehold (90)")));
}

// Its library looks at the table before it adds a job: it migrates what is above the largest id,
// and refuses a breaking one above its own, of which it had 19 when this was written.
TEST_F(MigratorTest, GivesGraphileWorkersLibraryNoReasonToMigrateOrToStop) {
  const auto options = WithOneMore("CREATE TABLE :\"schema\".extra ()", true);
  ASSERT_TRUE(Migrate(options).ok());

  EXPECT_EQ(sql_.Row("SELECT (SELECT id FROM leasehold.migrations ORDER BY id DESC LIMIT 1), "
                     "(SELECT id FROM leasehold.migrations WHERE breaking IS TRUE "
                     "ORDER BY id DESC LIMIT 1) < 11"),
            "1000000|t");
  const auto again = Migrate(options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->applied, IsEmpty());
  EXPECT_THAT(again->warnings, IsEmpty());
  EXPECT_EQ(again->newest_before, options.migrations.back().number);
  EXPECT_THAT(Text(Migrate()), HasSubstr("newer Leasehold"));
}

TEST_F(MigratorTest, RefusesASchemaNameThatNeedsEscaping) {
  for (const char* name : {"", "a-b", "1a", "a\"b", "a'b", "a b"}) {
    const auto report = Migrate({.schema = name});
    EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST_F(MigratorTest, TakesAnotherSchemaByItsExactName) {
  const auto report = Migrate({.schema = "graphile_Worker"});

  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(sql_.Number("SELECT id FROM \"graphile_Worker\".add_job('mail')"), 1);
  EXPECT_EQ(sql_.Row("SELECT \"graphile_Worker\".inbox_channel()"), "leasehold/graphile_Worker");
}

TEST_F(MigratorTest, WorksInASchemaGivenToARoleThatMayNotCreateOne) {
  sql_.Run("CREATE ROLE tenant LOGIN; CREATE SCHEMA leasehold AUTHORIZATION tenant");
  std::string url = database_.url();
  url += "&user=tenant";

  const auto report = store::Migrate(url);

  EXPECT_TRUE(report.ok()) << report.status();
  sql_.Run("DROP OWNED BY tenant; DROP ROLE tenant");
}

TEST_F(MigratorTest, GivesWayToALockAndRollsAllOfItBack) {
  ASSERT_TRUE(Migrate().ok());
  SqlSession holder(database_.url());
  holder.Run("BEGIN; LOCK TABLE leasehold.job_rows IN ROW EXCLUSIVE MODE");
  store::MigrateOptions options = WithOneMore(
      "CREATE TABLE :\"schema\".extra (); ALTER TABLE :\"schema\".job_rows ADD COLUMN extra text");
  options.patience = absl::Milliseconds(500);

  const auto blocked = Migrate(options);
  EXPECT_EQ(blocked.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(sql_.Row("SELECT to_regclass('leasehold.extra')"), "NULL");

  holder.Run("COMMIT");
  const auto report = Migrate(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->applied, ElementsAre(HasSubstr("_one_more")));
}

TEST_F(MigratorTest, LeavesNothingOfAMigrationThatFails) {
  const auto report = Migrate(WithOneMore("CREATE TABLE :\"schema\".extra (); SELECT 1 / 0"));

  EXPECT_FALSE(report.ok());
  EXPECT_THAT(Text(report), HasSubstr("division by zero"));
  EXPECT_EQ(sql_.Row("SELECT to_regclass('leasehold.extra')"), "NULL");
  EXPECT_EQ(Recorded(), sql::kMigrations.size());
}

TEST_F(MigratorTest, LeavesNothingOutsideTheSchema) {
  const std::string everything =
      "SELECT (SELECT count(*) FROM pg_class WHERE oid >= 16384), "
      "(SELECT count(*) FROM pg_proc WHERE oid >= 16384), "
      "(SELECT count(*) FROM pg_type WHERE oid >= 16384), "
      "(SELECT count(*) FROM pg_namespace WHERE oid >= 16384), "
      "(SELECT count(*) FROM pg_roles), (SELECT count(*) FROM pg_extension), "
      "(SELECT count(*) FROM pg_event_trigger), (SELECT count(*) FROM pg_default_acl)";
  const std::string before = sql_.Row(everything);
  ASSERT_TRUE(Migrate().ok());

  sql_.Run("SET client_min_messages = error; DROP SCHEMA leasehold CASCADE");

  EXPECT_EQ(sql_.Row(everything), before);
}

TEST_F(MigratorTest, SaysThatNobodyAnswers) {
  const auto report = store::Migrate("postgresql://nobody@127.0.0.1:1/nothing");

  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace leasehold::testing
