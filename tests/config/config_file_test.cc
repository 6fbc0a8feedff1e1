#include "server/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "absl/strings/str_split.h"
#include "server/config_flags.h"
#include "tests/config/config_fixture.h"

namespace leasehold {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kPath[] = "/etc/l.toml";

class ConfigFileTest : public ConfigTest {
 protected:
  // What holds with this configuration file, and nothing else given but flags.
  Config With(const std::string& file, std::vector<std::string> flags = {}) {
    files_[kPath] = file;
    flags.push_back("--config=" + std::string(kPath));
    return MustParse(flags);
  }

  std::vector<std::string> FaultsIn(const std::string& file, std::vector<std::string> flags = {}) {
    files_[kPath] = file;
    flags.push_back("--config=" + std::string(kPath));
    return absl::StrSplit(FaultsOf(flags), '\n');
  }
};

TEST_F(ConfigFileTest, IsNamedByAFlagOrElseByTheEnvironment) {
  files_ = {{"a", "schema = 'from_a'"}, {"b", "schema = 'from_b'"}};
  env_["LEASEHOLD_CONFIG"] = "a";
  EXPECT_EQ(MustParse({}).schema, "from_a");
  EXPECT_EQ(MustParse({"--config", "b"}).schema, "from_b");

  env_["LEASEHOLD_CONFIG"] = "";
  EXPECT_EQ(MustParse({}).schema, "leasehold");
}

TEST_F(ConfigFileTest, CountsAfterTheFlagAndTheEnvironmentAndBeforeTheDefault) {
  const std::string file = "schema = 'from_file'";
  EXPECT_EQ(With(file).schema, "from_file");
  env_["LEASEHOLD_SCHEMA"] = "from_env";
  EXPECT_EQ(With(file).schema, "from_env");
  EXPECT_EQ(With(file, {"--schema=from_flag"}).schema, "from_flag");
}

TEST_F(ConfigFileTest, HoldsValuesOfEveryKind) {
  const Config config = With(R"(
    listen = "127.0.0.1:1"
    max-streams = 17
    payload-limit = 2048
    reflection = false
    sweep-interval = "250ms"
    log-level = "debug"
    database-connections = 0x0A
  )");
  EXPECT_EQ(config.listen, "127.0.0.1:1");
  EXPECT_EQ(config.max_streams, 17);
  EXPECT_EQ(config.payload_limit, 2048);
  EXPECT_FALSE(config.reflection);
  EXPECT_EQ(config.sweep_interval, absl::Milliseconds(250));
  EXPECT_EQ(config.log_level, LogLevel::kDebug);
  EXPECT_EQ(config.database_connections, 10);
  EXPECT_EQ(With("payload-limit = '2MiB'").payload_limit, 2 << 20);
}

TEST_F(ConfigFileTest, TakesDashesAndUnderscoresAndTheTablesOfTheHelp) {
  const Config config = With(R"(
    max_streams = 17
    [database]
    schema = "jobs"
    [sessions]
    max-crashes = 5
    recovery_delay = "1s"
  )");
  EXPECT_EQ(config.max_streams, 17);
  EXPECT_EQ(config.schema, "jobs");
  EXPECT_EQ(config.max_crashes, 5);
  EXPECT_EQ(config.recovery_delay, absl::Seconds(1));
  EXPECT_EQ(With("process.server-id = 'one'").server_id, "one");
}

TEST_F(ConfigFileTest, MayNameTheFileOfAValue) {
  env_.clear();
  files_["/run/secrets/url"] = "postgresql://me:secret@db/jobs\n";
  EXPECT_EQ(With("database-url-file = '/run/secrets/url'").database_url,
            "postgresql://me:secret@db/jobs");
  EXPECT_THAT(FaultsIn("database_url_file = '/gone'"),
              ElementsAre("/etc/l.toml:1: file /gone is missing"));
  EXPECT_THAT(FaultsIn("reflection-file = '/run/secrets/url'")[0],
              HasSubstr("unknown key reflection-file"));
}

TEST_F(ConfigFileTest, ReportsAllFaultsTogetherWithLineAndColumn) {
  EXPECT_THAT(FaultsIn(R"(heartbeet-interval = "5s"
session_timeout = 30
  schema = "Bad Name"
max-pool-size = 3
reflection = "yes"
[serving]
max-streams = 0
max-crashes = 4
[nonsense]
x = 1
[process]
drain-timeout = 1.5
server-id = ""
log-level = ["info"]
)",
                       {"--bogus"}),
              ElementsAre("unknown flag --bogus: see --help",
                          "/etc/l.toml:1:1: unknown key heartbeet-interval: --help has all names",
                          "/etc/l.toml:2:19: session_timeout is a whole number: write a duration "
                          "in quotes, like \"30s\"",
                          HasSubstr("/etc/l.toml:3:12: schema: \"Bad Name\" is not a schema name"),
                          "/etc/l.toml:4:1: unknown key max-pool-size: it is called "
                          "database-connections",
                          "/etc/l.toml:5:14: reflection is a text: write true or false, without "
                          "quotes",
                          "/etc/l.toml:7:15: max-streams: \"0\" is not a whole number from 1 to "
                          "1000000",
                          "/etc/l.toml:8:1: max-crashes does not belong into [serving]: write it "
                          "into [sessions], or above all tables",
                          HasSubstr("/etc/l.toml:9:2: unknown table [nonsense]: the tables are "
                                    "serving, database, "),
                          HasSubstr("/etc/l.toml:12:17: drain-timeout is a number with a fraction"),
                          "/etc/l.toml:13:13: server-id is empty: leave it out for its default",
                          HasSubstr("/etc/l.toml:14:13: log-level is a list: write a text")));
}

TEST_F(ConfigFileTest, RefusesTwoSpellingsOfOneKey) {
  EXPECT_THAT(FaultsIn("max_streams = 1\nmax-streams = 2\n"),
              ElementsAre("/etc/l.toml:2:1: max-streams gives max-streams a second value, after "
                          "/etc/l.toml:1: keep one of them"));
  EXPECT_THAT(FaultsIn("max_streams = 'x'\nserving.max_streams = 2\n"),
              ElementsAre(HasSubstr("l.toml:1:15: max_streams is a text"),
                          HasSubstr("l.toml:2:9: max_streams gives max-streams a second value")));
  EXPECT_THAT(FaultsIn("schema = 'a'\nschema-file = 'b'\n"),
              ElementsAre(HasSubstr("l.toml:2:1: schema-file gives schema a second value")));
  EXPECT_THAT(FaultsIn("schema = 'a'\nschema = 'b'\n"),
              ElementsAre(AllOf(HasSubstr("/etc/l.toml:2:"), HasSubstr("no TOML"))));
}

TEST_F(ConfigFileTest, ReportsABadValueThatAFlagOverrides) {
  EXPECT_THAT(FaultsIn("max-streams = 0", {"--max-streams=5"}),
              ElementsAre(HasSubstr("/etc/l.toml:1:15: max-streams")));
}

TEST_F(ConfigFileTest, IsNotGuessedAtWhereItIsNoToml) {
  env_.clear();
  EXPECT_THAT(
      FaultsIn("schema = 'a'\nlisten = = 2\n", {"--max-streams=0"}),
      ElementsAre(AllOf(HasSubstr("/etc/l.toml:2:10: this is no TOML"), Not(HasSubstr("database"))),
                  HasSubstr("--max-streams")));
  EXPECT_EQ(FaultsOf({"--config=/gone"}), "--config: file /gone is missing");
  EXPECT_EQ(FaultsOf({"--config"}), "--config needs a value: PATH");
  env_["LEASEHOLD_CONFIG"] = "/gone";
  EXPECT_EQ(FaultsOf({}), "LEASEHOLD_CONFIG: file /gone is missing");
}

TEST_F(ConfigFileTest, SaysWhereContradictingValuesStand) {
  EXPECT_THAT(FaultsIn("\nsession-timeout = '6s'\n", {"--resume-timeout=1s"}),
              ElementsAre(AllOf(HasSubstr("--heartbeat-interval 5s"),
                                HasSubstr("(--session-timeout stands in /etc/l.toml:2)"))));
}

TEST_F(ConfigFileTest, ShowsWhereEachValueComesFrom) {
  files_[kPath] = "\ndatabase-url = 'postgresql://me:secret@db/jobs'\nmax-crashes = 5\n";
  env_ = {{"LEASEHOLD_CONFIG", kPath}, {"LEASEHOLD_SCHEMA", "jobs"}};
  for (const char* flag : {"--print-config", "--check-config"}) {
    EXPECT_THAT(Printed({flag, "--max-streams=3"}),
                AllOf(ContainsRegex("database-url = postgresql://me:\\*\\*\\*@db/jobs +"
                                    "# /etc/l.toml:2\n"),
                      ContainsRegex("max-crashes = 5 +# /etc/l.toml:3\n"),
                      ContainsRegex("schema = jobs +# LEASEHOLD_SCHEMA\n"),
                      ContainsRegex("max-streams = 3 +# --max-streams\n"),
                      ContainsRegex("payload-limit = 1MiB +# default\n")));
  }
}

TEST_F(ConfigFileTest, IsKnownToHoldAPasswordThatIsUsed) {
  files_[kPath] = "database-url = 'postgresql://me:secret@db/jobs'";
  env_ = {{"LEASEHOLD_CONFIG", kPath}};
  EXPECT_EQ(Parse({})->secret_file, kPath);
  EXPECT_EQ(Parse({"-c", "postgresql://me:secret@db/jobs"})->secret_file, "");
  files_[kPath] = "database-url = 'postgresql://db/jobs'";
  EXPECT_EQ(Parse({})->secret_file, "");
  files_ = {{kPath, "database-url-file = '/run/secrets/url'"},
            {"/run/secrets/url", "postgresql://me:secret@db/jobs"}};
  EXPECT_EQ(Parse({})->secret_file, "") << "it stands in a file of its own";
}

TEST_F(ConfigFileTest, NeverShowsAPasswordInAFault) {
  for (const char* text :
       {"database-url = 'mysql://me:secret@db/jobs'", "database-url = ['secret']",
        "database-url = 'secret", "schema = secret"}) {
    EXPECT_THAT(FaultsIn(text), ElementsAre(Not(HasSubstr("secret")))) << text;
  }
}

// deploy/leasehold.toml, every "#name = value" in it made to hold.
std::string ExampleInFull() {
  std::string text = ReadValueFile("deploy/leasehold.toml").value();
  return std::regex_replace(text, std::regex("(^|\n)#(?=[a-z-]+ = )"), "$1");
}

TEST(ConfigExampleTest, IsReadAndSetsNothing) {
  const ConfigFile file = ReadConfigFile("e", ReadValueFile("deploy/leasehold.toml").value());
  EXPECT_THAT(file.faults, IsEmpty());
  for (size_t i = 0; i < Flags().size(); ++i) {
    EXPECT_FALSE(file.values[i].has_value()) << Flags()[i].name;
  }
}

TEST(ConfigExampleTest, NamesEveryFlagWithItsDefault) {
  const ConfigFile file = ReadConfigFile("e", ExampleInFull());
  EXPECT_THAT(file.faults, IsEmpty());
  for (size_t i = 0; i < Flags().size(); ++i) {
    const Flag& flag = Flags()[i];
    ASSERT_TRUE(file.values[i].has_value()) << "deploy/leasehold.toml lacks #" << flag.name;
    Config config;
    ASSERT_TRUE(flag.set(file.values[i]->text, config).ok()) << flag.name;
    const std::string by_default = flag.show(Config());
    // A flag that is not set by default has an example for its value.
    if (by_default.empty()) continue;
    EXPECT_EQ(flag.show(config), by_default) << flag.name;
  }
}

}  // namespace
}  // namespace leasehold
