#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace leasehold::store {

// A data directory among the system's temporary files, for a database of which nothing is kept: it
// goes with this object. One that a killed server could not remove is removed when the next one is
// made by the same user.
class EphemeralDirectory {
 public:
  // Errors are one sentence with the remedy.
  static absl::StatusOr<EphemeralDirectory> Make();

  EphemeralDirectory(EphemeralDirectory&& other) noexcept
      : path_(std::exchange(other.path_, std::string())) {}
  EphemeralDirectory& operator=(EphemeralDirectory&& other) = delete;
  // The database in it must have ended.
  ~EphemeralDirectory();

  const std::string& path() const { return path_; }

 private:
  explicit EphemeralDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;  // empty: moved on
};

}  // namespace leasehold::store
