#pragma once

#include "absl/status/statusor.h"
#include "server/store/connection.h"
#include "server/store/job_store.h"
#include "server/store/journal.h"

// What operators do to jobs as a whole.
namespace leasehold::store {

// A write under the epoch of `stamp`, without a row in the journal.
absl::StatusOr<CleanedUp> CleanUp(Connection& connection, const WriteStamp& stamp,
                                  const CleanUpPage& page);

}  // namespace leasehold::store
