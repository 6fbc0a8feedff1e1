#include "server/check_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace leasehold {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string FaultsOf(const Config& config) { return std::string(CheckConfig(config).message()); }

TEST(CheckConfigTest, FindsNothingWrongWithAServersUsualDatabases) {
  Config config;
  config.database_url = "postgresql://me:secret@db.example.com/jobs";
  EXPECT_EQ(FaultsOf(config), "");
  Config embedded;
  embedded.data_dir = "/nowhere/that/exists";
  EXPECT_EQ(FaultsOf(embedded), "");
}

TEST(CheckConfigTest, RefusesADatabaseUrlThatLibpqCannotRead) {
  Config config;
  config.database_url = "postgresql://me:secret@db/jobs?no_such_option=1";
  EXPECT_THAT(FaultsOf(config), AllOf(HasSubstr("--database-url"), Not(HasSubstr("secret"))));
}

TEST(CheckConfigTest, RefusesAnEmbeddedDatabaseWithoutPrograms) {
  Config config;
  config.ephemeral = true;
  config.pg_bin_dir = "/nowhere";
  EXPECT_THAT(FaultsOf(config), HasSubstr("/nowhere"));
}

TEST(CheckConfigTest, RefusesACrontabWithFaultsAndNamesThemAll) {
  Config config;
  config.database_url = "postgresql://db/jobs";
  config.crontab = ::testing::TempDir() + "crontab";
  std::ofstream(config.crontab) << "0 4 * * * report\n";
  EXPECT_EQ(FaultsOf(config), "");
  std::ofstream(config.crontab) << "0 4 * * * report\n99 4 * * * report\n0 4 * * *\n";
  EXPECT_THAT(FaultsOf(config),
              AllOf(HasSubstr(config.crontab + ":2:1: "), HasSubstr(config.crontab + ":3:")));
  config.crontab = "/nowhere";
  EXPECT_THAT(FaultsOf(config), HasSubstr("/nowhere"));
}

TEST(CheckConfigTest, WarnsOfAFileThatEverybodyMayRead) {
  const std::string path = ::testing::TempDir() + "secret.toml";
  std::ofstream(path) << "x";
  chmod(path.c_str(), 0644);
  EXPECT_THAT(WarnOfReaders(path), AllOf(HasSubstr(path), HasSubstr("chmod")));
  chmod(path.c_str(), 0640);
  EXPECT_EQ(WarnOfReaders(path), "");
  EXPECT_EQ(WarnOfReaders("/nowhere"), "");
}

}  // namespace
}  // namespace leasehold
