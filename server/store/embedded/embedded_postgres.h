#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/store/embedded/data_directory.h"
#include "server/store/embedded/socket_directory.h"

namespace leasehold::store {

// A private PostgreSQL in a data directory: made there on the first start, kept over restarts,
// alive as long as this object. It listens on a Unix socket that only the user who started it and
// root can reach, on no network.
//
// If this process dies, by SIGKILL too, PostgreSQL shuts itself down cleanly; the next Start on
// the directory waits for that. As root PostgreSQL runs as the owner of its data (first the user
// `postgres`, else `nobody`) and works below directories which that user cannot enter.
//
// Belongs to one thread that lives as long as the process (the main thread): the end of the thread
// that called Start stops PostgreSQL.
class EmbeddedPostgres {
 public:
  struct Options {
    std::string data_dir;
    std::string binaries = {};  // directory of initdb and postgres; empty: it is searched
    std::vector<std::string> settings = {};  // "name=value" for PostgreSQL; they override ours
    bool durable = true;  // false, where nothing is kept: nothing is ever synced to disk

    // For an earlier database to leave, and again for the first sign of life of this one. While
    // PostgreSQL says that it recovers from a crash, Start waits longer, up to 15 minutes.
    absl::Duration patience = absl::Seconds(60);
  };

  // Returns when the database accepts connections: after 0.2 s, and 1-5 s the first time. Errors
  // are one sentence with the remedy. Call it before signals are blocked: then Ctrl-C ends a long
  // start.
  static absl::StatusOr<std::unique_ptr<EmbeddedPostgres>> Start(const Options& options);

  // Stops it as Stop does.
  ~EmbeddedPostgres();

  EmbeddedPostgres(const EmbeddedPostgres&) = delete;
  EmbeddedPostgres& operator=(const EmbeddedPostgres&) = delete;

  // postgresql://..., for libpq, node-pg and whoever reads theirs.
  const std::string& url() const { return url_; }
  const std::string& data_dir() const { return directory_.path(); }

  // PostgreSQL's first process (the postmaster).
  pid_t pid() const { return pid_; }

  // Whether PostgreSQL has ended by itself, and how ("signal 9; see DIR/postgres.log"). A child's
  // end raises SIGCHLD: ask then, or now and then. It is not started again.
  std::optional<std::string> Exited();

  // Ends the connections and shuts the database down ("fast"); at once ("immediate", with crash
  // recovery at the next start) if that takes more than a minute. Removes DIR/database-url first.
  // Does nothing the second time.
  absl::Status Stop();

 private:
  EmbeddedPostgres(DataDirectory directory, SocketDirectory socket);

  absl::Status Launch(const Options& options, const std::string& binaries,
                      const std::optional<Identity>& identity);
  absl::Status AwaitReadiness(absl::Duration patience);

  DataDirectory directory_;
  SocketDirectory socket_;
  std::string url_;
  pid_t pid_ = 0;                   // 0: it has ended and is reaped
  std::optional<int> exit_status_;  // of an end that Stop did not cause
};

}  // namespace leasehold::store
