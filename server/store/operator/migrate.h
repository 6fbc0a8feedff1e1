#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "server/store/migrator/migrator.h"

namespace leasehold::store {

// Brings the schema up to date as Migrate does, for an operator without a server. With `dry_run` it
// only says what is pending.
// kFailedPrecondition: also a breaking migration while servers are at work, which may not know it:
// a server of the new version would ask them for the leadership, we cannot.
absl::StatusOr<MigrationReport> MigrateByHand(const std::string& database_url,
                                              const MigrateOptions& options, bool dry_run);

}  // namespace leasehold::store
