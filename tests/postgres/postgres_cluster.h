#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/store/embedded/embedded_postgres.h"
#include "tests/postgres/scratch_directory.h"

namespace leasehold::testing {

// Makes the schema of a template database, given its URL.
using TemplateSetup = absl::Status (*)(const std::string& url);

// A private PostgreSQL for tests, in a directory of its own in /tmp, gone with the object. Errors
// are exceptions, which fail the test.
//
// Tests share Shared(), through TestDatabase. A test that stops or kills its PostgreSQL makes a
// cluster of its own. Create it on the main thread: its end is the database's.
class PostgresCluster {
 public:
  struct Options {
    bool durable = false;                    // true: fsync and full_page_writes as in production
    std::vector<std::string> settings = {};  // "name=value"
    // Becomes a physical standby of that one, with what it holds...
    const PostgresCluster* standby_of = nullptr;
    // ...which its processes reach by this URL: they may not enter each other's directories.
    std::string primary_url = {};
  };

  PostgresCluster() : PostgresCluster(Options{}) {}
  explicit PostgresCluster(Options options);
  ~PostgresCluster();

  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  // The cluster of this test program, started by the first call, stopped when the program exits.
  static PostgresCluster& Shared();

  // Starts it again after Stop or Kill, on the same data and URLs.
  void Start();
  // "fast" ends the connections, "immediate" is a crash without a last checkpoint.
  void Stop(const std::string& mode = "fast");
  // SIGKILL to its first process: the others end when they notice.
  void Kill();

  bool running() const { return postgres_ != nullptr; }
  pid_t pid() const { return postgres_->pid(); }
  const std::string& data_dir() const { return directory_.path(); }

  // The URL of the given database.
  std::string Url(const std::string& database = "postgres") const;

  // Creates an empty database, or a copy of the one that `setup` makes once, and returns its name.
  std::string CreateDatabase(TemplateSetup setup = nullptr);
  // Ends the database's connections and drops it.
  void DropDatabase(const std::string& name);

  // Runs statements as superuser in `database`.
  void Execute(const std::string& sql, const std::string& database = "postgres");

 private:
  void CopyFrom(const PostgresCluster& primary) const;
  std::string TemplateOf(TemplateSetup setup);

  const Options options_;
  const ScratchDirectory directory_;
  const pid_t owner_;  // a forked child that exits must leave the cluster alone
  std::string url_;
  std::unique_ptr<store::EmbeddedPostgres> postgres_;
  std::map<TemplateSetup, std::string> templates_;
  int databases_ = 0;
};

// A database of its own for one test, dropped at its end: empty, or with what `setup` makes, which
// runs once in a program and is copied.
//
//   TestDatabase database(MigrateTestSchema);
//   pqxx::connection connection(database.url());
class TestDatabase {
 public:
  explicit TestDatabase(TemplateSetup setup = nullptr)
      : TestDatabase(PostgresCluster::Shared(), setup) {}
  TestDatabase(PostgresCluster& cluster, TemplateSetup setup)
      : cluster_(cluster), name_(cluster.CreateDatabase(setup)) {}
  ~TestDatabase();

  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  std::string url() const { return cluster_.Url(name_); }
  const std::string& name() const { return name_; }

 private:
  PostgresCluster& cluster_;
  const std::string name_;
};

}  // namespace leasehold::testing
