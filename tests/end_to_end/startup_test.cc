#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "tests/end_to_end/server_process.h"
#include "tests/postgres/postgres_cluster.h"

// How the server starts, and with what words it does not.
namespace leasehold::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A TCP port that somebody else listens on.
class TakenPort {
 public:
  TakenPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~TakenPort() { close(fd_); }

  const std::string& address() const { return address_; }

 private:
  const int fd_;
  std::string address_;
};

// A start that is to fail, or to print something.
Ended Start(const ServerProcess::Options& options,
            const std::map<std::string, std::string>& environment = {}) {
  std::vector<std::string> flags = ServerProcess::Flags(options);
  const auto given = [&](const std::string& name) {
    return std::any_of(flags.begin(), flags.end(),
                       [&](const std::string& flag) { return flag.starts_with(name + "="); });
  };
  for (const char* name : {"--listen", "--admin-listen"}) {
    if (!given(name)) flags.push_back(std::string(name) + "=127.0.0.1:0");
  }
  return RunProgram(ServerProcess::Program(), {.arguments = flags, .environment = environment});
}

// What a server says that does not start: one sentence, whatever it has logged before.
std::string ComplaintOf(const Ended& ended) {
  EXPECT_EQ(ended.exit.signal, 0);
  EXPECT_NE(ended.exit.status, 0);
  std::vector<std::string> lines = SplitLines(ended.errors);
  std::erase_if(lines, [](const std::string& line) { return line.starts_with('{'); });
  EXPECT_EQ(lines.size(), 1u) << ended.errors;
  return lines.empty() ? "" : lines[0];
}

std::string Complaint(const ServerProcess::Options& options) { return ComplaintOf(Start(options)); }

TEST(StartupFaultTest, NamesBothRemediesWhereThereIsNoDatabase) {
  EXPECT_THAT(Complaint({}), AllOf(HasSubstr("--database-url"), HasSubstr("--data-dir")));
}

TEST(StartupFaultTest, RefusesTwoDatabases) {
  EXPECT_THAT(Complaint({.database_url = "postgresql://h/d", .data_dir = "/tmp/x"}),
              AllOf(HasSubstr("both"), HasSubstr("--database-url"), HasSubstr("--data-dir")));
}

TEST(StartupFaultTest, NamesEveryBadFlagAtOnce) {
  const Ended ended = Start({.data_dir = "/tmp/x",
                             .flags = {"--max-crashes=0", "--schema=1x", "--bogus",
                                       "--heartbeat-interval=10s", "--listen=nonsense"}});
  EXPECT_NE(ended.exit, Exit{});
  for (const char* name : {"--max-crashes", "--schema", "--bogus", "--heartbeat-interval",
                           "--session-timeout", "--listen"}) {
    EXPECT_THAT(ended.errors, HasSubstr(name));
  }
}

TEST(StartupFaultTest, NamesEveryPlantedFaultThatItCannotRead) {
  const Ended ended =
      Start({.data_dir = "/tmp/x"},
            {{"LEASEHOLD_FAULT", "store.none.before:1:1:kill,rpc.answer.before_write:9:1:kill"}});
  EXPECT_THAT(ComplaintOf(ended), AllOf(HasSubstr("LEASEHOLD_FAULT"), HasSubstr("no such point"),
                                        HasSubstr("probability")));
}

TEST(StartupFaultTest, NamesADatabaseThatDoesNotAnswer) {
  const TakenPort port;  // listens, but is no PostgreSQL
  const std::string nobody = "postgresql://me:secret@127.0.0.1:1/db";
  EXPECT_THAT(Complaint({.database_url = nobody}),
              AllOf(HasSubstr("127.0.0.1"), HasSubstr("--database-url"), Not(HasSubstr("secret"))));
  const ScratchDirectory directory;
  EXPECT_THAT(Complaint({.database_url = "postgresql:///db?host=" + directory.path()}),
              AllOf(HasSubstr(directory.path()), HasSubstr("--database-url")));
}

TEST(StartupFaultTest, NamesADatabaseThatIsNotThere) {
  EXPECT_THAT(Complaint({.database_url = PostgresCluster::Shared().Url("no_such_database")}),
              HasSubstr("no_such_database"));
}

TEST(StartupFaultTest, NamesAPortInUse) {
  TestDatabase database;
  const TakenPort port;
  EXPECT_THAT(Complaint({.database_url = database.url(), .flags = {"--listen=" + port.address()}}),
              AllOf(HasSubstr("in use"), HasSubstr("--listen"), Not(HasSubstr("--admin-listen"))));
  EXPECT_THAT(
      Complaint({.database_url = database.url(), .flags = {"--admin-listen=" + port.address()}}),
      AllOf(HasSubstr("in use"), HasSubstr("--admin-listen")));
}

TEST(StartupFaultTest, NamesADataDirectoryThatCannotBeWritten) {
  EXPECT_THAT(Complaint({.data_dir = "/proc/leasehold"}), HasSubstr("/proc/leasehold"));
  const ScratchDirectory directory;
  WriteFile(directory.path() + "/file", "");
  EXPECT_THAT(Complaint({.data_dir = directory.path() + "/file"}),
              HasSubstr(directory.path() + "/file"));
}

TEST(StartupFaultTest, RefusesASchemaThatAnotherProgramMade) {
  TestDatabase database;
  PostgresCluster::Shared().Execute(
      "CREATE SCHEMA leasehold; CREATE TABLE leasehold.jobs (id integer)", database.name());
  EXPECT_THAT(Complaint({.database_url = database.url()}),
              AllOf(HasSubstr("leasehold"), HasSubstr("another program")));
}

TEST(StartupFaultTest, RefusesAnEmptyDatabaseThatItMayNotMigrate) {
  TestDatabase database;
  EXPECT_THAT(Complaint({.database_url = database.url(), .flags = {"--no-migrate"}}),
              HasSubstr("--migrate-only"));
  pqxx::connection connection(database.url());
  pqxx::work transaction(connection);
  EXPECT_TRUE(transaction.exec1("SELECT to_regnamespace('leasehold') IS NULL")[0].as<bool>());
}

TEST(StartupTest, MigratesOnlyWhereAskedTo) {
  TestDatabase database;
  for (int time = 0; time < 2; ++time) {
    const Ended ended = Start({.database_url = database.url(), .flags = {"--migrate-only"}});
    EXPECT_EQ(ended.exit, Exit{}) << ended.errors;
    EXPECT_THAT(ended.errors, Not(HasSubstr("\"serves\"")));
  }
  ServerProcess server({.database_url = database.url(), .flags = {"--no-migrate"}});
  EXPECT_TRUE(server.client().AddJob({.task = "work"}).ok());
}

TEST(StartupTest, ListsThePointsWhereFaultsCanBePlanted) {
  const Ended ended = Start({.data_dir = "/tmp/x"}, {{"LEASEHOLD_FAULT", "list"}});
  EXPECT_EQ(ended.exit, Exit{}) << ended.errors;
  EXPECT_THAT(SplitLines(ended.output),
              ::testing::IsSupersetOf({"store.add_jobs.after_commit", "rpc.answer.before_write"}));
}

TEST(StartupTest, WarnsLoudlyOfPlantedFaults) {
  TestDatabase database;
  ServerProcess server(
      {.database_url = database.url(), .faults = "store.add_jobs.before:0.5:7:error"});
  EXPECT_THAT(server.Log(), AllOf(HasSubstr("LEASEHOLD_FAULT is set"),
                                  HasSubstr("store.add_jobs.before:0.5:7:error")));
}

TEST(StartupTest, PrintsItsConfigurationWithoutPasswords) {
  const Ended ended = Start({.database_url = "postgresql://me:secret@h/d",
                             .flags = {"--print-config", "--max-crashes=7"}},
                            {{"LEASEHOLD_DATABASE_CONNECTIONS", "9"}});
  EXPECT_EQ(ended.exit, Exit{}) << ended.errors;
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("max-crashes = 7"), HasSubstr("database-connections = 9"),
                    HasSubstr("me:***@h/d"), Not(HasSubstr("secret"))));
}

TEST(StartupTest, ChecksItsConfigurationWithoutADatabase) {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/leasehold.toml";
  WriteFile(path, "database-url = 'postgresql://me:secret@127.0.0.1:1/d'\nmax-crashes = 7\n", 0644);
  const std::vector<std::string> flags = {"--check-config", "--config=" + path};
  const Ended right = Start({.flags = flags});
  EXPECT_EQ(right.exit, Exit{}) << right.errors;
  EXPECT_THAT(right.output,
              AllOf(HasSubstr("# " + path + ":2\n"), HasSubstr("me:***@127.0.0.1:1/d"),
                    HasSubstr("\n# checked: "), Not(HasSubstr("secret"))));
  EXPECT_THAT(right.errors, AllOf(HasSubstr("warning: " + path), Not(HasSubstr("secret"))));

  WriteFile(path, "max-crashes = 0\nport = 1\n");
  const Ended wrong = Start({.flags = flags});
  EXPECT_EQ(wrong.exit, Exit{.status = 2});
  EXPECT_THAT(SplitLines(wrong.errors),
              ElementsAre(HasSubstr(path + ":1:15: max-crashes"), HasSubstr(path + ":2:1: "),
                          HasSubstr("no database")));
  const Ended further =
      Start({.data_dir = "/tmp/x", .flags = {"--check-config", "--pg-bin-dir=/x"}});
  EXPECT_EQ(further.exit, Exit{.status = 2});
  EXPECT_THAT(further.errors, HasSubstr("--pg-bin-dir: no PostgreSQL programs"));
}

TEST(StartupTest, TakesItsSettingsFromAFile) {
  TestDatabase database;
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/leasehold.toml";
  WriteFile(path, "[database]\nschema = 'from_file'\ndatabase_url = '" + database.url() + "'\n");
  ServerProcess server({.flags = {"--config=" + path}});
  EXPECT_THAT(server.Log(), AllOf(HasSubstr("\"schema\":\"from_file\""),
                                  Not(HasSubstr("can be read by others"))));
  EXPECT_TRUE(server.client().AddJob({.task = "work"}).ok());
}

TEST(StartupTest, WarnsOfAPasswordThatEverybodyMayRead) {
  TestDatabase database;
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/leasehold.toml";
  const std::string url = database.url() + "&password=secret";
  WriteFile(path, "database-url = '" + url + "'\n", 0644);
  ServerProcess server({.flags = {"--config=" + path}});
  EXPECT_THAT(server.Log(), AllOf(HasSubstr("a configuration file can be read by others"),
                                  HasSubstr(path), Not(HasSubstr("secret"))));
}

TEST(StartupTest, TakesTheDatabaseFromAFileOrTheEnvironment) {
  TestDatabase database;
  const ScratchDirectory directory;
  WriteFile(directory.path() + "/url", database.url() + "\n");
  const Ended from_file =
      Start({.flags = {"--database-url-file=" + directory.path() + "/url", "--migrate-only"}});
  EXPECT_EQ(from_file.exit, Exit{}) << from_file.errors;
  const Ended from_environment =
      Start({.flags = {"--no-migrate", "--schema=none"}}, {{"DATABASE_URL", database.url()}});
  EXPECT_THAT(ComplaintOf(from_environment), HasSubstr("--migrate-only"));
}

// All on one data directory: it takes seconds to make one.
class DataDirectoryTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { directory_ = new ScratchDirectory; }
  static void TearDownTestSuite() { delete directory_; }

  ServerProcess::Options Options() { return {.data_dir = data_dir_}; }
  std::string UrlFile() { return data_dir_ + "/database-url"; }
  std::string PidFile() { return data_dir_ + "/postgres/data/postmaster.pid"; }

  // Whether the database of that URL takes connections.
  static bool Answers(const std::string& url) {
    try {
      pqxx::connection connection(url);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  static ScratchDirectory* directory_;
  const std::string data_dir_ = directory_->path() + "/data";
};

ScratchDirectory* DataDirectoryTest::directory_ = nullptr;

TEST_F(DataDirectoryTest, PublishesItsDatabaseWhileItServes) {
  ServerProcess server(Options());
  ASSERT_TRUE(Eventually([&] { return std::filesystem::exists(UrlFile()); }));
  struct stat status = {};
  ASSERT_EQ(stat(UrlFile().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(status.st_uid, geteuid());
  const std::string url = ReadFile(UrlFile());
  EXPECT_THAT(url, ::testing::StartsWith("postgresql://"));

  pqxx::connection connection(url);
  pqxx::work transaction(connection);
  const auto id = transaction.exec1("SELECT (leasehold.add_job('work')).id::text")[0];
  transaction.commit();
  EXPECT_TRUE(server.client().GetJob(id.as<std::string>()).ok());

  EXPECT_EQ(server.Stop(), Exit{});
  EXPECT_FALSE(std::filesystem::exists(UrlFile()));
  EXPECT_FALSE(Answers(url));
}

TEST_F(DataDirectoryTest, StopsItsDatabaseWhenTheServerIsKilled) {
  ServerProcess server(Options());
  const auto id = server.client().AddJob({.task = "work"});
  ASSERT_TRUE(id.ok()) << id.status();
  const std::string url = ReadFile(UrlFile());
  server.Kill();
  EXPECT_TRUE(Eventually([&] { return !Answers(url); }));
  server.Restart();
  EXPECT_TRUE(server.client().GetJob(*id).ok());
  EXPECT_THAT(ReadFile(data_dir_ + "/postgres.log"), Not(HasSubstr("was not properly shut down")));
}

TEST_F(DataDirectoryTest, RefusesASecondServer) {
  ServerProcess server(Options());
  EXPECT_THAT(Complaint(Options()), AllOf(HasSubstr(data_dir_), HasSubstr("in use"),
                                          HasSubstr(std::to_string(server.process().pid()))));
  EXPECT_TRUE(server.client().AddJob({.task = "work"}).ok());
  EXPECT_TRUE(std::filesystem::exists(UrlFile()));
  EXPECT_TRUE(std::filesystem::exists(PidFile()));
}

TEST_F(DataDirectoryTest, EndsWithItsDatabase) {
  ServerProcess server(Options());
  kill(std::stoi(ReadFile(PidFile())), SIGKILL);
  const std::optional<Exit> exit = server.process().Wait();
  ASSERT_TRUE(exit.has_value());
  EXPECT_NE(*exit, Exit{});
  EXPECT_THAT(server.process().Errors(), HasSubstr("PostgreSQL has ended"));
}

TEST_F(DataDirectoryTest, StopsItsDatabaseWhereAPortIsInUse) {
  const TakenPort port;
  auto options = Options();
  options.flags = {"--listen=" + port.address()};
  EXPECT_THAT(Complaint(options), HasSubstr("in use"));
  EXPECT_FALSE(std::filesystem::exists(PidFile()));
  EXPECT_FALSE(std::filesystem::exists(UrlFile()));
}

}  // namespace
}  // namespace leasehold::testing
