#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/process.h"

namespace leasehold::testing {
namespace {

using ::testing::HasSubstr;

Ended RunCommand(std::vector<std::string> arguments, const std::string& database_url) {
  arguments.insert(arguments.end(), {"--database-url", database_url});
  return RunProgram(Runfile("client/cli/leasehold"), {.arguments = std::move(arguments)});
}

// The built command on the database of the built server.
TEST(TheCommandOnADatabase, AddsJobsThatTheServerServes) {
  TestDatabase database;
  ServerProcess server({.database_url = database.url()});

  const Ended added = RunCommand({"add", "mail"}, database.url());

  ASSERT_EQ(added.exit, Exit{}) << added.errors;
  EXPECT_TRUE(Eventually([&] {
    const auto stats = server.client().GetStats();
    return stats.ok() && stats->ready == 1;
  }));
}

TEST(TheCommandOnADatabase, LeavesLeasesToTheServerUntilThatIsDead) {
  TestDatabase database;
  ServerProcess server({.database_url = database.url()});

  const Ended refused = RunCommand({"force-unlock", "ada"}, database.url());
  server.Kill();
  const bool free = Eventually([&] {
    return RunCommand({"force-unlock", "ada"}, database.url()).exit == Exit{};
  });

  EXPECT_EQ(refused.exit.status, 1);
  EXPECT_THAT(refused.errors, HasSubstr("--server " + server.address()));
  EXPECT_TRUE(free);
}

TEST(ATakeOver, LeavesASchemaOnWhichTheServerStartsAndProducersGoOn) {
  TestDatabase database;
  std::ifstream file("tests/store/import/graphile_worker.sql");
  std::ostringstream schema;
  schema << file.rdbuf();
  pqxx::connection connection(database.url());
  pqxx::nontransaction sql(connection);
  sql.exec(schema.str());
  sql.exec("SELECT graphile_worker.add_job('mail')");

  const Ended taken = RunCommand({"import", "--take-over"}, database.url());
  ASSERT_EQ(taken.exit, Exit{}) << taken.errors;
  ServerProcess server({.database_url = database.url(), .flags = {"--schema=graphile_worker"}});
  sql.exec("SELECT graphile_worker.add_job('mail')");

  EXPECT_TRUE(Eventually([&] {
    const auto stats = server.client().GetStats();
    return stats.ok() && stats->ready == 2;
  }));
  EXPECT_THAT(server.Log(), ::testing::Not(HasSubstr("newer Leasehold")));
}

}  // namespace
}  // namespace leasehold::testing
