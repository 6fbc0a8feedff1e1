#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/store/connection.h"

namespace leasehold::store {

// Who leads, as the database has it.
struct Leadership {
  uint64_t epoch = 0;     // 0: nobody ever did
  std::string server_id;  // empty: nobody ever did
  std::string address;    // where its gRPC listens; empty: it is not registered
  int64_t renewals = 0;   // does not move for the TTL: the leadership is over
};

struct DatabaseFacts {
  absl::Time now;
  absl::Time started_at;
  std::string timeline;  // empty: a standby
  bool durable = true;   // fsync and synchronous_commit are on
  int version = 0;       // 150004 is 15.4
};

// Leadership in the database: plain blocking calls on a connection of its own, made and used by one
// thread. Never waits for a lock: kAborted says that one is held.
//
// Once `lost()`, every call fails with kUnavailable and the advisory lock is gone: connect anew.
class LeadershipStore {
 public:
  static absl::StatusOr<std::unique_ptr<LeadershipStore>> Connect(const ConnectionOptions& options);

  bool lost() const { return connection_->lost(); }

  // Writes this replica's row, or refreshes it.
  absl::Status Register(std::string_view address, std::string_view version);

  absl::StatusOr<Leadership> Read();

  // Whether this connection now holds the session lock of the leader: then no other can, and it may
  // take over at once.
  absl::StatusOr<bool> TryLock();

  // Begins a leadership of this server if `expected` still is the epoch; returns the new one, above
  // it and above `at_least`. On disk before it returns. kFailedPrecondition: somebody else was
  // faster. kAborted: a write of the old leader is under way: EndBackends, and again. kUnavailable:
  // Read tells whether it was done.
  absl::StatusOr<uint64_t> TakeOver(uint64_t expected, uint64_t at_least = 0);

  // Moves the counter that the other replicas watch; returns the database's time.
  // kFailedPrecondition: `epoch` is over.
  absl::StatusOr<absl::Time> Renew(uint64_t epoch);

  // Ends every database connection of that server, but not this one. They end soon after.
  absl::Status EndBackends(std::string_view server_id);

  absl::StatusOr<DatabaseFacts> ReadFacts();

 private:
  explicit LeadershipStore(std::unique_ptr<Connection> connection)
      : connection_(std::move(connection)) {}

  const std::unique_ptr<Connection> connection_;
};

}  // namespace leasehold::store
