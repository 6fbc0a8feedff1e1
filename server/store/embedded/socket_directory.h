#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/embedded/child_process.h"
#include "server/store/embedded/data_directory.h"

namespace leasehold::store {

// Where the database's socket stands: beside the data, or, if that path is too long for the
// address of a socket or holds a comma (which separates hosts in a URL), in a private directory of
// /tmp. Only its owner and root can enter it: that
// is the database's whole access control.
class SocketDirectory {
 public:
  static absl::StatusOr<SocketDirectory> Make(const DataDirectory& directory,
                                              const std::optional<Identity>& owner);

  // Removes the directory in /tmp of a database that has ended and belonged to `data_dir`.
  static void RemoveLeftOver(const std::string& data_dir);

  const std::string& path() const { return path_; }

  // PostgreSQL's name for it: relative to its data where possible, since the database's user may
  // be unable to walk down the absolute path.
  const std::string& name_from_data() const { return name_from_data_; }

  // Removes a directory in /tmp, with what a killed PostgreSQL left there.
  void Remove() const;

 private:
  SocketDirectory(std::string path, std::string name_from_data, std::string note)
      : path_(std::move(path)),
        name_from_data_(std::move(name_from_data)),
        note_(std::move(note)) {}

  std::string path_;
  std::string name_from_data_;
  std::string note_;  // a symbolic link to the directory in /tmp, for the server after a crash
};

}  // namespace leasehold::store
