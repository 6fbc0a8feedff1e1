#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/config/config_fixture.h"

namespace leasehold {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ConfigTest, HasThePublishedDefaults) {
  const Config config = MustParse({});

  EXPECT_EQ(config.listen, "127.0.0.1:7411");
  EXPECT_EQ(config.admin_listen, "127.0.0.1:7412");
  EXPECT_EQ(config.database_connections, 4);
  EXPECT_EQ(config.schema, "leasehold");
  EXPECT_EQ(config.session_timeout, absl::Seconds(30));
  EXPECT_EQ(config.heartbeat_interval, absl::Seconds(5));
  EXPECT_EQ(config.resume_timeout, absl::Seconds(10));
  EXPECT_EQ(config.receipt_timeout, absl::Seconds(10));
  EXPECT_EQ(config.sweep_interval, absl::Seconds(1));
  EXPECT_EQ(config.recovery_delay, absl::Seconds(5));
  EXPECT_EQ(config.drain_timeout, absl::Seconds(10));
  EXPECT_EQ(config.inbox_poll_interval, absl::Seconds(1));
  EXPECT_EQ(config.max_crashes, 3);
  EXPECT_EQ(config.payload_limit, 1024 * 1024);
  EXPECT_EQ(config.max_streams, 10000);
  EXPECT_TRUE(config.reflection);
}

TEST_F(ConfigTest, PrefersTheFlagToTheEnvironmentAndThatToTheDefault) {
  env_["LEASEHOLD_SCHEMA"] = "from_env";
  EXPECT_EQ(MustParse({}).schema, "from_env");
  EXPECT_EQ(MustParse({"--schema", "from_flag"}).schema, "from_flag");

  env_["LEASEHOLD_SCHEMA"] = "";
  EXPECT_EQ(MustParse({}).schema, "leasehold");
}

TEST_F(ConfigTest, ReadsAnyValueFromAFile) {
  files_["/run/secrets/url"] = "postgresql://me:secret@db/jobs\n";
  files_["/etc/timeout"] = "45s";
  env_ = {{"LEASEHOLD_DATABASE_URL_FILE", "/run/secrets/url"}};

  const Config config = MustParse({"--session-timeout-file", "/etc/timeout"});

  EXPECT_EQ(config.database_url, "postgresql://me:secret@db/jobs");
  EXPECT_EQ(config.session_timeout, absl::Seconds(45));
}

TEST_F(ConfigTest, PrefersAFileNamedByAFlagToTheEnvironment) {
  files_["/schema"] = "from_file";
  env_["LEASEHOLD_SCHEMA"] = "from_env";
  EXPECT_EQ(MustParse({"--schema-file=/schema"}).schema, "from_file");
}

TEST_F(ConfigTest, TakesDatabaseUrlFromTheEnvironmentLast) {
  env_ = {{"DATABASE_URL", "postgres://common/jobs"}};
  EXPECT_EQ(MustParse({}).database_url, "postgres://common/jobs");

  env_["LEASEHOLD_DATABASE_URL"] = "postgres://ours/jobs";
  EXPECT_EQ(MustParse({}).database_url, "postgres://ours/jobs");
}

TEST_F(ConfigTest, UnderstandsTheFamilysSpellings) {
  const Config config = MustParse({"-c", "postgres://db/j", "--schema-only", "--poll-interval",
                                   "2000", "-m", "10", "-s", "graphile_worker"});

  EXPECT_EQ(config.database_url, "postgres://db/j");
  EXPECT_TRUE(config.migrate_only);
  EXPECT_EQ(config.inbox_poll_interval, absl::Seconds(2));
  EXPECT_EQ(config.database_connections, 10);
  EXPECT_EQ(config.schema, "graphile_worker");
  EXPECT_EQ(MustParse({"--connection=host=db"}).database_url, "host=db");
  EXPECT_EQ(MustParse({"--max-pool-size=7"}).database_connections, 7);
  EXPECT_EQ(MustParse({"--poll-interval=3s"}).inbox_poll_interval, absl::Seconds(3));
}

TEST_F(ConfigTest, ReadsDurationsSizesAndSwitches) {
  EXPECT_EQ(MustParse({"--sweep-interval=500ms"}).sweep_interval, absl::Milliseconds(500));
  EXPECT_EQ(MustParse({"--recovery-delay", "5m"}).recovery_delay, absl::Minutes(5));
  EXPECT_EQ(MustParse({"--payload-limit", "64KiB"}).payload_limit, 65536);
  EXPECT_EQ(MustParse({"--payload-limit", "1MB"}).payload_limit, 1000000);
  EXPECT_EQ(MustParse({"--payload-limit", "4096"}).payload_limit, 4096);
  EXPECT_FALSE(MustParse({"--reflection", "false"}).reflection);
  EXPECT_FALSE(MustParse({"--reflection=off"}).reflection);
  EXPECT_TRUE(MustParse({"--no-migrate"}).no_migrate);
  EXPECT_EQ(MustParse({"--log-format", "json"}).log_format, LogFormat::kJson);
  EXPECT_EQ(MustParse({"--log-level", "debug"}).log_level, LogLevel::kDebug);
  EXPECT_EQ(MustParse({"--listen", "[::1]:0"}).listen, "[::1]:0");
}

TEST_F(ConfigTest, LetsTheLastOfARepeatedFlagCount) {
  EXPECT_EQ(MustParse({"--schema", "one", "--schema", "two"}).schema, "two");
}

TEST_F(ConfigTest, ReportsAllFaultsTogether) {
  env_["LEASEHOLD_MAX_CRASHES"] = "many";

  const std::string faults =
      FaultsOf({"--lisen", "x:1", "extra", "--heartbeat-interval", "soon", "--schema", "Bad Name",
                "--listen", "nowhere", "--payload-limit=1TB", "--migrate-only", "--no-migrate",
                "--resume-timeout=5m", "--server-id"});

  EXPECT_THAT(faults, AllOf(HasSubstr("unknown flag --lisen"), HasSubstr("argument \"extra\""),
                            HasSubstr("--heartbeat-interval: \"soon\" is not a duration"),
                            HasSubstr("--schema: \"Bad Name\" is not a schema name"),
                            HasSubstr("--listen: address \"nowhere\" has no port"),
                            HasSubstr("--payload-limit: \"1TB\" is not a size")));
  EXPECT_THAT(faults, AllOf(HasSubstr("LEASEHOLD_MAX_CRASHES: \"many\" is not a whole number"),
                            HasSubstr("--migrate-only and --no-migrate contradict"),
                            HasSubstr("--resume-timeout 5m is more than --session-timeout 30s"),
                            HasSubstr("--server-id needs a value")));
  EXPECT_EQ(std::count(faults.begin(), faults.end(), '\n'), 9) << faults;
}

TEST_F(ConfigTest, RefusesValuesOutOfRange) {
  for (const char* arg :
       {"--heartbeat-interval=0s", "--session-timeout=-1s", "--sweep-interval=inf",
        "--recovery-delay=30", "--max-crashes=0", "--database-connections=1000",
        "--payload-limit=1", "--payload-limit=99999999999999999999GiB", "--listen=host:65536",
        "--listen=:7411", "--listen=::1:7411", "--schema=1st", "--schema=pg_jobs", "--schema=a\"b",
        "--reflection=maybe", "--log-level=loud", "--database-url=jobs", "--server-id=a/b"}) {
    const std::string name(arg, std::string_view(arg).find('='));
    EXPECT_THAT(FaultsOf({arg}), HasSubstr(name + ": ")) << arg;
  }
  EXPECT_THAT(FaultsOf({"--schema", std::string(49, 'a')}), HasSubstr("1 to 48"));
  EXPECT_EQ(MustParse({"--schema", std::string(48, 'a')}).schema.size(), 48u);
}

TEST_F(ConfigTest, RefusesTimeoutsThatContradictTheHeartbeat) {
  EXPECT_THAT(FaultsOf({"--session-timeout=14s"}), HasSubstr("three times --heartbeat-interval"));
  EXPECT_THAT(FaultsOf({"--receipt-timeout=9s"}), HasSubstr("twice --heartbeat-interval"));
  MustParse({"--session-timeout=15s", "--resume-timeout=15s", "--receipt-timeout=10s"});
}

TEST_F(ConfigTest, NamesBothRemediesWithoutADatabase) {
  env_.clear();
  EXPECT_THAT(FaultsOf({}), AllOf(HasSubstr("--database-url URL"), HasSubstr("--data-dir DIR"),
                                  HasSubstr("--ephemeral"), Not(HasSubstr("\n"))));
  EXPECT_EQ(MustParse({"--data-dir", "/var/lib/leasehold"}).data_dir, "/var/lib/leasehold");
}

TEST_F(ConfigTest, RefusesTwoDatabases) {
  EXPECT_THAT(FaultsOf({"--data-dir", "d"}), HasSubstr("both --database-url and --data-dir"));
}

TEST_F(ConfigTest, TakesNoOtherDatabaseBesideAnEphemeralOne) {
  EXPECT_THAT(FaultsOf({"--ephemeral"}), AllOf(HasSubstr("both --ephemeral and --database-url"),
                                               HasSubstr("DATABASE_URL"), Not(HasSubstr("\n"))));
  env_.clear();
  EXPECT_THAT(FaultsOf({"--ephemeral", "--data-dir", "d"}),
              AllOf(HasSubstr("both --ephemeral and --data-dir"), Not(HasSubstr("\n"))));
  EXPECT_THAT(FaultsOf({"--ephemeral", "--no-migrate"}), HasSubstr("--no-migrate"));
  EXPECT_THAT(FaultsOf({"--ephemeral", "--migrate-only"}), HasSubstr("--migrate-only"));
  EXPECT_TRUE(MustParse({"--ephemeral"}).ephemeral);
}

TEST_F(ConfigTest, RefusesOneValueFromTwoPlaces) {
  files_["f"] = "x";
  env_["LEASEHOLD_LISTEN"] = "a:1";
  env_["LEASEHOLD_LISTEN_FILE"] = "f";

  EXPECT_THAT(FaultsOf({}), HasSubstr("both LEASEHOLD_LISTEN and LEASEHOLD_LISTEN_FILE"));
  EXPECT_THAT(FaultsOf({"--schema=a", "--schema-file=f"}), HasSubstr("both --schema and"));
  EXPECT_THAT(FaultsOf({"--poll-interval=1", "--inbox-poll-interval=1s"}),
              HasSubstr("--poll-interval is another name"));
}

TEST_F(ConfigTest, SaysWhichFileCannotBeUsed) {
  env_.clear();
  files_["empty"] = "\n";
  EXPECT_EQ(FaultsOf({"--database-url-file", "gone"}), "--database-url-file: file gone is missing");
  EXPECT_EQ(FaultsOf({"--database-url-file", "empty"}), "--database-url-file: file empty is empty");
}

TEST_F(ConfigTest, NeverShowsAPassword) {
  env_["LEASEHOLD_DATABASE_URL"] = "mysql://me:secret@db/jobs";
  EXPECT_THAT(FaultsOf({}), AllOf(HasSubstr("LEASEHOLD_DATABASE_URL"), Not(HasSubstr("secret"))));

  EXPECT_THAT(Printed({"--print-config", "-c", "postgres://me:secret@db/jobs"}),
              AllOf(HasSubstr("postgres://me:***@db/jobs"), Not(HasSubstr("secret"))));
  EXPECT_THAT(Printed({"--print-config", "-c", "host=db password=secret"}),
              AllOf(HasSubstr("password=***"), Not(HasSubstr("secret"))));
}

TEST_F(ConfigTest, PrintsEachValueAndWhereItComesFrom) {
  env_["LEASEHOLD_MAX_CRASHES"] = "5";
  const std::string text = Printed({"--print-config", "--sweep-interval=2s"});

  EXPECT_THAT(text, ::testing::ContainsRegex("sweep-interval = 2s +# --sweep-interval\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("max-crashes = 5 +# LEASEHOLD_MAX_CRASHES\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("payload-limit = 1MiB +# default\n"));
}

TEST_F(ConfigTest, ExplainsEveryFlagEvenWhereOthersAreWrong) {
  const std::string help = Printed({"--nonsense", "--help"});
  EXPECT_THAT(help, AllOf(HasSubstr("--session-timeout DURATION"), HasSubstr("Default 30s."),
                          HasSubstr("--database-url, --connection, -c URL"),
                          HasSubstr("LEASEHOLD_DRAIN_TIMEOUT")));
}

TEST_F(ConfigTest, HelpsInLinesThatFitATerminal) {
  std::istringstream help(Printed({"--help"}));
  for (std::string line; std::getline(help, line);) EXPECT_LE(line.size(), 90u) << line;
}

TEST_F(ConfigTest, PrintsTheVersion) {
  EXPECT_EQ(Printed({"--version"}), "leasehold-server 0.1.0\n");
}

TEST(ReadValueFileTest, ReadsASmallFileAndRefusesOthers) {
  const std::string path = ::testing::TempDir() + "value";
  std::ofstream(path) << "postgresql://db/jobs\n";
  EXPECT_EQ(ReadValueFile(path).value(), "postgresql://db/jobs\n");

  std::ofstream(path) << std::string(70000, 'x');
  EXPECT_THAT(std::string(ReadValueFile(path).status().message()), HasSubstr("larger than 64KiB"));

  EXPECT_THAT(std::string(ReadValueFile("/nowhere").status().message()),
              HasSubstr("/nowhere cannot be read"));
  EXPECT_FALSE(ReadValueFile("/").ok());
}

}  // namespace
}  // namespace leasehold
