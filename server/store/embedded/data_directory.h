#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/store/embedded/child_process.h"
#include "server/store/embedded/unique_fd.h"

namespace leasehold::store {

// The directory given to --data-dir, held by one server at a time:
//
//   DIR/lock          locked while a server lives; its process id
//   DIR/database-url  where the database is, while it serves
//   DIR/postgres.log  what PostgreSQL says
//   DIR/postgres/     the database user's alone: data/ and the socket
class DataDirectory {
 public:
  // Creates what is missing and locks it until the object (or the process) ends. Fails with one
  // sentence if it is not writable or another server holds it.
  static absl::StatusOr<DataDirectory> Open(const std::string& path);

  const std::string& path() const { return path_; }
  std::string cluster() const { return path_ + "/postgres"; }
  std::string data() const { return cluster() + "/data"; }
  std::string log_file() const { return path_ + "/postgres.log"; }

  // The major version of PostgreSQL that made the data; nullopt if there are none yet.
  absl::StatusOr<std::optional<int>> Version() const;

  // Whom PostgreSQL, which refuses root, must run as: absent unless we are root. Existing data
  // decide it by their owner; new data are given to the user `postgres`, else to `nobody`.
  absl::StatusOr<std::optional<Identity>> ClaimIdentity() const;

  // Waits until no PostgreSQL process of an earlier server works here any more: after the SIGKILL
  // of a server its database shuts down by itself, which takes a moment.
  absl::Status WaitUntilUnused(absl::Duration timeout) const;

  // Opens DIR/postgres.log to append to.
  absl::StatusOr<UniqueFd> OpenLog() const;

 private:
  DataDirectory(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  UniqueFd lock_;
};

}  // namespace leasehold::store
