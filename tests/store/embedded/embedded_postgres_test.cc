#include "server/store/embedded/embedded_postgres.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <pqxx/pqxx>
#include <sstream>
#include <string>
#include <utility>

#include "server/store/embedded/database_url.h"
#include "tests/postgres/scratch_directory.h"
#include "tests/store/embedded/owner_process.h"

namespace leasehold::store {
namespace {

namespace fs = std::filesystem;
using ::leasehold::testing::OwnerProcess;
using ::leasehold::testing::ScratchDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& text, int mode = 0600) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path) << text;
  chmod(path.c_str(), mode);
}

std::string Query(const std::string& url, const std::string& sql) {
  pqxx::connection connection(url);
  return pqxx::nontransaction(connection).exec1(sql)[0].c_str();
}

void Execute(const std::string& url, const std::string& sql) {
  pqxx::connection connection(url);
  pqxx::nontransaction(connection).exec(sql);
}

std::string ErrorOf(const EmbeddedPostgres::Options& options) {
  return std::string(EmbeddedPostgres::Start(options).status().message());
}

// All tests use one cluster, since initdb takes a second; it can be moved.
class EmbeddedPostgresTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = new ScratchDirectory;
    // What a server killed during initdb leaves.
    WriteFile(Directory() + "/postgres/data.new.1/PG_VERSION", "15");
    auto postgres = EmbeddedPostgres::Start({.data_dir = Directory(), .durable = false});
    ASSERT_TRUE(postgres.ok()) << postgres.status();
    Execute((*postgres)->url(), "CREATE TABLE facts AS SELECT 'kept'::text AS fact");
  }

  static void TearDownTestSuite() { delete std::exchange(scratch_, nullptr); }

  static std::string Directory() { return scratch_->path() + "/data"; }

  static std::unique_ptr<EmbeddedPostgres> Start(const std::string& directory = Directory()) {
    auto postgres = EmbeddedPostgres::Start({.data_dir = directory, .durable = false});
    if (!postgres.ok()) throw std::runtime_error(std::string(postgres.status().message()));
    return *std::move(postgres);
  }

  static std::string Fact(const std::string& url) { return Query(url, "SELECT fact FROM facts"); }

  // What PostgreSQL logged in the course of `act`.
  template <typename Act>
  static std::string LogOf(Act act) {
    const size_t before = ReadFile(Directory() + "/postgres.log").size();
    act();
    return ReadFile(Directory() + "/postgres.log").substr(before);
  }

  static ScratchDirectory* scratch_;
};

ScratchDirectory* EmbeddedPostgresTest::scratch_ = nullptr;

TEST_F(EmbeddedPostgresTest, KeepsDataOverARestart) {
  Execute(Start()->url(), "UPDATE facts SET fact = 'changed'");
  EXPECT_EQ(Fact(Start()->url()), "changed");
}

TEST_F(EmbeddedPostgresTest, ListensOnNoNetworkAndLetsOnlyItsUserIn) {
  fs::permissions(Directory() + "/postgres", fs::perms::all);
  const auto postgres = Start();

  EXPECT_EQ(Query(postgres->url(), "SHOW listen_addresses"), "");
  EXPECT_EQ(fs::status(Directory() + "/postgres").permissions(), fs::perms::owner_all);
}

TEST_F(EmbeddedPostgresTest, SyncsToDiskUnlessToldOtherwise) {
  const auto postgres = EmbeddedPostgres::Start({.data_dir = Directory()});
  ASSERT_TRUE(postgres.ok()) << postgres.status();

  EXPECT_EQ(Query((*postgres)->url(), "SHOW fsync"), "on");
  EXPECT_EQ(Query((*postgres)->url(), "SHOW synchronous_commit"), "on");
  EXPECT_EQ(Query((*postgres)->url(), "SHOW full_page_writes"), "on");
}

TEST_F(EmbeddedPostgresTest, PrefersTheCallersSettings) {
  const auto postgres = EmbeddedPostgres::Start(
      {.data_dir = Directory(), .settings = {"max_connections=17"}, .durable = false});
  ASSERT_TRUE(postgres.ok()) << postgres.status();

  EXPECT_EQ(Query((*postgres)->url(), "SHOW max_connections"), "17");
}

TEST_F(EmbeddedPostgresTest, IgnoresThePostgresVariablesOfTheEnvironment) {
  setenv("PGPORT", "1", 1);
  setenv("PGDATA", "/nowhere", 1);
  const auto postgres = Start();

  EXPECT_EQ(Query(postgres->url(), "SHOW port"), "5432");

  unsetenv("PGPORT");
  unsetenv("PGDATA");
}

TEST_F(EmbeddedPostgresTest, IsReachableHoweverItsDirectoryIsNamed) {
  for (const std::string& name :
       {std::string("blank %20+&'#?=\"\xC3\xA9"), std::string("comma,s"), std::string(120, 'x')}) {
    const std::string directory = scratch_->path() + "/" + name;
    fs::rename(Directory(), directory);

    EXPECT_EQ(Query(Start(directory)->url(), "SELECT count(*) FROM facts"), "1") << name;

    EXPECT_FALSE(fs::is_symlink(directory + "/socket"));
    fs::rename(directory, Directory());
  }
}

TEST_F(EmbeddedPostgresTest, RefusesASecondOwner) {
  const auto postgres = Start();
  ASSERT_TRUE(WriteUrlFile(Directory(), postgres->url()).ok());

  const OwnerProcess second({Directory()});

  EXPECT_THAT(second.first_line(),
              AllOf(HasSubstr("in use by another server (process " + std::to_string(getpid())),
                    HasSubstr("another data directory")));
  EXPECT_TRUE(fs::exists(Directory() + "/database-url"));
}

TEST_F(EmbeddedPostgresTest, ShutsDownCleanlyWhenItsOwnerIsKilled) {
  std::unique_ptr<EmbeddedPostgres> next;
  const std::string log = LogOf([&] {
    OwnerProcess owner({Directory()});
    Execute(owner.first_line(), "UPDATE facts SET fact = 'of the killed'");
    owner.Kill();
    next = Start();  // at once: it waits for the earlier database
  });

  EXPECT_THAT(log, AllOf(HasSubstr("received fast shutdown request"),
                         HasSubstr("database system was shut down at"),
                         Not(HasSubstr("not properly shut down"))));
  EXPECT_EQ(Fact(next->url()), "of the killed");
}

TEST_F(EmbeddedPostgresTest, GivesUpWaitingForADatabaseThatStays) {
  OwnerProcess owner({Directory()});
  const pid_t postmaster = std::stoi(ReadFile(Directory() + "/postgres/data/postmaster.pid"));
  kill(postmaster, SIGSTOP);
  owner.Kill();

  const std::string error = ErrorOf({.data_dir = Directory(), .patience = absl::Milliseconds(50)});

  kill(postmaster, SIGCONT);
  EXPECT_THAT(error, AllOf(HasSubstr("still uses"), HasSubstr("kill -INT")));
}

TEST_F(EmbeddedPostgresTest, StartsAlthoughItsLockFilesNameALivingProcess) {
  Start();
  const std::string pid = std::to_string(getppid()) + "\n";
  WriteFile(Directory() + "/postgres/data/postmaster.pid", pid);
  WriteFile(Directory() + "/postgres/.s.PGSQL.5432.lock", pid);

  EXPECT_EQ(Query(Start()->url(), "SELECT count(*) FROM facts"), "1");
}

TEST_F(EmbeddedPostgresTest, TellsThatItsDatabaseDied) {
  const auto postgres = Start();
  EXPECT_EQ(postgres->Exited(), std::nullopt);

  kill(postgres->pid(), SIGKILL);
  siginfo_t info;
  waitid(P_PID, postgres->pid(), &info, WEXITED | WNOWAIT);

  EXPECT_THAT(postgres->Exited().value_or(""), HasSubstr("signal 9"));
  EXPECT_THAT(postgres->Exited().value_or(""), HasSubstr("postgres.log"));
}

TEST_F(EmbeddedPostgresTest, TellsWhyItsDatabaseDoesNotStart) {
  EXPECT_THAT(ErrorOf({.data_dir = Directory(), .settings = {"shared_buffers=lots"}}),
              AllOf(HasSubstr("invalid value for parameter \"shared_buffers\""),
                    HasSubstr("postgres.log")));
}

TEST_F(EmbeddedPostgresTest, TakesTheUrlAwayAtStartAndStop) {
  const std::string file = Directory() + "/database-url";
  WriteFile(file, "stale");

  const auto postgres = Start();
  EXPECT_FALSE(fs::exists(file));

  ASSERT_TRUE(WriteUrlFile(Directory(), postgres->url()).ok());
  EXPECT_EQ(ReadFile(file), postgres->url() + "\n");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);

  ASSERT_TRUE(postgres->Stop().ok());
  EXPECT_FALSE(fs::exists(file));
  EXPECT_TRUE(RemoveUrlFile(Directory()).ok());
}

TEST_F(EmbeddedPostgresTest, StopsTwice) {
  const auto postgres = Start();
  EXPECT_TRUE(postgres->Stop().ok());
  EXPECT_TRUE(postgres->Stop().ok());
}

TEST_F(EmbeddedPostgresTest, RefusesTheDataOfAnotherVersion) {
  const ScratchDirectory other;
  WriteFile(other.path() + "/postgres/data/PG_VERSION", "9\n");

  EXPECT_THAT(ErrorOf({.data_dir = other.path()}),
              AllOf(HasSubstr("are PostgreSQL 9's"), HasSubstr("pg_upgrade")));
}

TEST_F(EmbeddedPostgresTest, RefusesAPostgresOlderThan12) {
  const ScratchDirectory binaries;
  WriteFile(binaries.path() + "/initdb", "#!/bin/sh\n", 0700);
  WriteFile(binaries.path() + "/postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 11.22'\n", 0700);

  EXPECT_THAT(ErrorOf({.data_dir = binaries.path() + "/data", .binaries = binaries.path()}),
              AllOf(HasSubstr("is PostgreSQL 11"), HasSubstr("install PostgreSQL 12 or newer")));
}

TEST_F(EmbeddedPostgresTest, NamesTheRemedyWhereNoPostgresIsInstalled) {
  EXPECT_THAT(ErrorOf({.data_dir = scratch_->path() + "/other", .binaries = "/nowhere"}),
              AllOf(HasSubstr("in /nowhere"), HasSubstr("apt-get install postgresql")));
}

TEST_F(EmbeddedPostgresTest, NamesTheRemedyWhereItCannotWrite) {
  EXPECT_THAT(ErrorOf({.data_dir = "/proc/leasehold"}),
              AllOf(HasSubstr("cannot write /proc/leasehold"), HasSubstr("give a data directory")));
}

TEST_F(EmbeddedPostgresTest, RunsAsTheRootOfANamespaceWithoutOtherUsers) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer's own thread keeps a forked child from a user namespace";
#endif
  OwnerProcess owner({Directory(), "--as-namespace-root"});
  if (owner.first_line() == "no user namespaces here") GTEST_SKIP() << owner.first_line();

  EXPECT_EQ(Query(owner.first_line(), "SELECT count(*) FROM facts"), "1");
  owner.Finish();
}

}  // namespace
}  // namespace leasehold::store
