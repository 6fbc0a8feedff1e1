#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/connection.h"
#include "server/store/operation.h"

// What must happen between a lost connection and the next write. Blocking calls on one connection.
namespace leasehold::store {

// Tells one database, and one history of it, from another. Empty where the role may not know.
struct DatabaseIdentity {
  std::string system_identifier;
  std::string timeline;

  bool MayBe(const DatabaseIdentity& other) const;
};

absl::StatusOr<DatabaseIdentity> ReadIdentity(Connection& connection);

// What a leader knows of its own leadership when it loses a connection.
struct KnownLeadership {
  uint64_t epoch = 0;
  DatabaseIdentity identity;
  // Backends that may still run one of its statements.
  std::vector<int64_t> backends;
};

// Ends the old backends and raises the epoch: from here on nothing of the old one commits.
// kFailedPrecondition: another server leads, or this is not the database that it was.
absl::StatusOr<uint64_t> RaiseOwnEpoch(Connection& connection, const KnownLeadership& known);

// A write whose connection was lost before its answer came.
struct InDoubt {
  std::unique_ptr<Operation> operation;
  WriteStamp stamp;
};

// Answers each of `in_doubt` and takes it out: from the journal if it was committed, else by
// running it again under `epoch`. With any status but OK those that are left are still in doubt.
absl::Status Settle(Connection& connection, std::vector<InDoubt>& in_doubt, uint64_t epoch,
                    int64_t& last_number);

}  // namespace leasehold::store
