#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace leasehold::store {

// The programs `initdb` and `postgres` of one PostgreSQL installation.
struct PostgresBinaries {
  std::string directory;
  int major_version = 0;
};

// Finds PostgreSQL 12 or newer: in `directory` if given; else the newest of
// /usr/lib/postgresql/*/bin, or the one of `preferred_version` if it is installed; else on PATH.
absl::StatusOr<PostgresBinaries> FindPostgresBinaries(const std::string& directory,
                                                      std::optional<int> preferred_version);

}  // namespace leasehold::store
