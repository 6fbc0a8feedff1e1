#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/end_to_end/database_link.h"
#include "tests/end_to_end/ledger.h"
#include "tests/end_to_end/server_process.h"
#include "tests/end_to_end/tcp_proxy.h"
#include "tests/postgres/postgres_cluster.h"

namespace leasehold::testing {

// A file that processes append their logs to.
class LogFile {
 public:
  explicit LogFile(const std::string& path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  int fd() const { return fd_; }
  std::string Text() const { return ReadFile(path_); }

 private:
  const std::string path_;
  int fd_ = -1;
};

// A server, and the networks through which it is reached and reaches its database.
class BreakableServer {
 public:
  BreakableServer(const std::string& name, const std::string& directory,
                  const std::string& database_url);

  ServerProcess& process() { return *server_; }
  TcpProxy& producers() { return producers_; }
  TcpProxy& executors() { return executors_; }
  TcpProxy& database() { return database_.network(); }
  const std::string& name() const { return name_; }
  // The last line that it wrote.
  std::string LastLog() const;

  // Whether this is the server of that address, as it registered it.
  bool Is(const std::string& address) const;

 private:
  const std::string name_;
  LogFile log_;
  TcpProxy producers_;
  TcpProxy executors_;
  DatabaseLink database_;
  std::unique_ptr<ServerProcess> server_;
};

// PostgreSQL, servers, executors, and breakable networks between them. What it keeps on disk stands
// in `directory`.
class Installation {
 public:
  struct Options {
    std::string directory;
    int servers = 3;
    int executors = 3;
  };

  explicit Installation(const Options& options);

  PostgresCluster& postgres() { return postgres_; }
  std::string database_url() const { return postgres_.Url(); }
  const Ledger& ledger() const { return ledger_; }

  size_t servers() const { return servers_.size(); }
  BreakableServer& server(size_t i) { return *servers_[i]; }
  // The one that leads; the first if nobody knows.
  size_t Leader();
  // Kills it if it is not dead, and starts another in its place. Does not wait for it.
  void RestartServer(size_t i);

  size_t executors() const { return executors_.size(); }
  Process& executor(size_t i) { return *executors_[i]; }
  void StartExecutor(size_t i);

  // For producers: every server, that one first.
  std::string AddressesForProducers(size_t first) const;

  void HealNetworks();
  // What ended by itself, and starts it again.
  std::optional<std::string> Accident();

 private:
  std::string AddressesForExecutors(size_t first) const;

  LogFile executor_log_;
  PostgresCluster postgres_;
  Ledger ledger_;
  std::vector<std::unique_ptr<BreakableServer>> servers_;
  std::vector<std::unique_ptr<ExecutorProcess>> executors_;
};

}  // namespace leasehold::testing
