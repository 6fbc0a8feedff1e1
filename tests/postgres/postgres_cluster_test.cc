#include "tests/postgres/postgres_cluster.h"

#include <gtest/gtest.h>

#include <optional>
#include <pqxx/pqxx>
#include <string>

namespace leasehold::testing {
namespace {

int setups = 0;

absl::Status MakeNumbers(const std::string& url) {
  ++setups;
  pqxx::connection connection(url);
  pqxx::nontransaction(connection).exec("CREATE TABLE numbers AS SELECT 1 AS number");
  return absl::OkStatus();
}

int CountNumbers(const std::string& url) {
  pqxx::connection connection(url);
  return pqxx::nontransaction(connection).exec1("SELECT count(*) FROM numbers")[0].as<int>();
}

void AddNumber(const std::string& url) {
  pqxx::connection connection(url);
  pqxx::nontransaction(connection).exec("INSERT INTO numbers VALUES (2)");
}

TEST(TestDatabaseTest, GivesEveryTestItsOwnCopyOfOneTemplate) {
  const TestDatabase one(MakeNumbers);
  const TestDatabase other(MakeNumbers);

  AddNumber(one.url());

  EXPECT_EQ(CountNumbers(one.url()), 2);
  EXPECT_EQ(CountNumbers(other.url()), 1);
  EXPECT_EQ(setups, 1);
}

TEST(TestDatabaseTest, IsEmptyWithoutASetup) {
  const TestDatabase database;

  pqxx::connection connection(database.url());
  EXPECT_TRUE(pqxx::nontransaction(connection)
                  .exec("SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace")
                  .empty());
}

TEST(TestDatabaseTest, IsDroppedThoughSomebodyIsConnected) {
  std::optional<TestDatabase> database(std::in_place);
  const std::string name = database->name();
  pqxx::connection straggler(database->url());

  database.reset();

  pqxx::connection connection(PostgresCluster::Shared().Url());
  EXPECT_TRUE(pqxx::nontransaction(connection)
                  .exec("SELECT FROM pg_database WHERE datname = '" + name + "'")
                  .empty());
}

TEST(PostgresClusterTest, KeepsCommittedDataOverEveryWayToStop) {
  PostgresCluster cluster;
  const TestDatabase database(cluster, MakeNumbers);

  cluster.Stop();
  cluster.Start();
  AddNumber(database.url());
  cluster.Stop("immediate");
  cluster.Start();
  AddNumber(database.url());
  cluster.Kill();
  cluster.Start();

  EXPECT_EQ(CountNumbers(database.url()), 3);
}

}  // namespace
}  // namespace leasehold::testing
