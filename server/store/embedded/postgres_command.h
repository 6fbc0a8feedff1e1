#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/embedded/child_process.h"
#include "server/store/embedded/data_directory.h"

namespace leasehold::store {

// Starts the programs of PostgreSQL on a data directory. As root it hands them the directory as
// an open descriptor (/proc/self/fd/N), since whom they run as may be unable to walk down to it.
class PostgresCommand {
 public:
  static absl::StatusOr<PostgresCommand> Prepare(const DataDirectory& directory,
                                                 std::string binaries,
                                                 std::optional<Identity> identity);

  // Makes the data unless there are some: whole, or, if interrupted, not at all.
  absl::Status MakeData(bool durable);

  // Starts the database; it shuts down when the calling thread ends.
  absl::StatusOr<pid_t> StartDatabase(const std::vector<std::string>& settings);

  // What the programs started here complained of, from the log.
  std::string Complaint() const;

 private:
  PostgresCommand(const DataDirectory& directory, std::string binaries,
                  std::optional<Identity> identity, UniqueFd cluster, UniqueFd log);

  absl::Status RunInitdb(const std::string& name, bool durable);

  // `name` in the cluster's directory, as the programs can reach it.
  std::string Reachable(const std::string& name) const;

  absl::StatusOr<pid_t> Spawn(std::vector<std::string> argv, int parent_death_signal) const;

  const DataDirectory& directory_;
  std::string binaries_;
  std::optional<Identity> identity_;
  UniqueFd cluster_;
  UniqueFd log_;
  off_t log_start_;
};

}  // namespace leasehold::store
