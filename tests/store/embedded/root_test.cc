#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pqxx/pqxx>
#include <string>

#include "server/store/embedded/embedded_postgres.h"
#include "tests/postgres/scratch_directory.h"

namespace leasehold::store {
namespace {

using ::leasehold::testing::ScratchDirectory;

std::string Query(const std::string& url, const std::string& sql) {
  pqxx::connection connection(url);
  return pqxx::nontransaction(connection).exec1(sql)[0].c_str();
}

// PostgreSQL refuses to be root, and whom it runs as cannot enter a root's directory.
TEST(EmbeddedPostgresAsRootTest, WorksBelowADirectoryThatOnlyItsOwnerCanEnter) {
  if (geteuid() != 0) GTEST_SKIP() << "not run by root";
  const ScratchDirectory closed;  // 0700
  for (const uid_t owner : {0, 65534}) {
    ASSERT_EQ(chown(closed.path().c_str(), owner, owner), 0);
    const auto postgres =
        EmbeddedPostgres::Start({.data_dir = closed.path() + "/below/data", .durable = false});
    ASSERT_TRUE(postgres.ok()) << postgres.status();

    EXPECT_EQ(Query((*postgres)->url(), "SELECT current_user"), "leasehold");
    struct stat process;
    ASSERT_EQ(stat(("/proc/" + std::to_string((*postgres)->pid())).c_str(), &process), 0);
    EXPECT_NE(process.st_uid, 0U);
  }
}

}  // namespace
}  // namespace leasehold::store
