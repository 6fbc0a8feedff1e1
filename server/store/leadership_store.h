#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace leasehold::store {

// Who leads, as the database has it.
struct Leadership {
  uint64_t epoch = 0;     // 0: nobody ever did
  std::string server_id;  // empty: nobody does
  std::string address;    // where its gRPC is reached; empty: it is not registered
  int64_t renewals = 0;   // does not move for the TTL: the leadership is over
  // Who asks for the leadership; its count moves while it does.
  std::string wanted_by;
  int64_t wanted_ticks = 0;
  // The newest breaking migration of the schema: servers that do not know it cannot lead.
  int newest_breaking = 0;
};

struct DatabaseFacts {
  absl::Time now;
  absl::Time started_at;
  std::string timeline;  // empty: a standby
  bool durable = true;   // fsync and synchronous_commit are on
  int version = 0;       // 150004 is 15.4
};

// How a server introduces itself to the others.
struct ServerRow {
  std::string address;
  std::string version;
  std::string host;
};

// What a renewal brings back.
struct Renewal {
  absl::Time now;
  std::string wanted_by;
  int64_t wanted_ticks = 0;
};

// Leadership in the database. Blocks; for one thread. Never waits for a lock: kAborted says that
// one is held.
//
// Once `lost()`, every call fails with kUnavailable and the advisory lock is gone: connect anew.
class LeadershipStore {
 public:
  virtual ~LeadershipStore() = default;

  virtual bool lost() const = 0;

  // Writes this replica's row, or refreshes it.
  virtual absl::Status Register(const ServerRow& row) = 0;
  // Shows that this replica is there, while it does not lead.
  virtual absl::Status Show(int streams) = 0;
  // Removes this replica's row, and those of servers not heard of for an hour.
  virtual absl::Status Unregister() = 0;

  virtual absl::StatusOr<Leadership> Read() = 0;

  // Whether this connection now holds the session lock of the leader: then no other can, and it may
  // take over at once.
  virtual absl::StatusOr<bool> TryLock() = 0;

  // Begins a leadership of this server if `expected` still is the epoch; returns the new one, above
  // it and above `at_least`. On disk before it returns. kFailedPrecondition: somebody else was
  // faster. kAborted: a write of the old leader is under way: EndBackends, and again. kUnavailable:
  // Read tells whether it was done.
  virtual absl::StatusOr<uint64_t> TakeOver(uint64_t expected, uint64_t at_least = 0) = 0;

  // Notes PostgreSQL's timeline; whether it is another than when the leadership before began: then
  // what that leader did last may be lost. kFailedPrecondition: `epoch` is over.
  virtual absl::StatusOr<bool> NoteTimeline(uint64_t epoch, const std::string& timeline) = 0;

  // Moves the counter that the other replicas watch. kFailedPrecondition: `epoch` is over.
  virtual absl::StatusOr<Renewal> Renew(uint64_t epoch, int streams = 0) = 0;

  // After the last write of `epoch`: nobody leads, and the lock is free.
  virtual absl::Status Yield(uint64_t epoch) = 0;

  // Has all servers look who leads.
  virtual absl::Status Notify() = 0;

  // Asks for the leadership: true if this server is the one that asks. With `other_is_gone` it
  // takes the place of another that asks.
  virtual absl::StatusOr<bool> Ask(bool other_is_gone) = 0;
  virtual absl::Status StopAsking() = 0;

  // Ends every database connection of that server, but not this one. They end soon after.
  virtual absl::Status EndBackends(std::string_view server_id) = 0;

  virtual absl::StatusOr<DatabaseFacts> ReadFacts() = 0;
};

}  // namespace leasehold::store
