#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/import/import_sql.h"

namespace leasehold::store {

// A schema that can be imported.
struct Layout {
  // graphile-worker or graphile_worker_rs.
  std::string program;
  // The role that owns its jobs.
  std::string owner;
  std::vector<std::string> warnings;
};

// Looks at their schema. kNotFound: there is none. kFailedPrecondition: it is ours, has a layout
// before or after those that are known, or is something else. kPermissionDenied: its jobs belong to
// a role that we may not act as.
absl::StatusOr<Layout> ReadLayout(ImportSql& sql);

}  // namespace leasehold::store
