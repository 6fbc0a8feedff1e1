#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/queue/support/tables.h"
#include "tests/simulation/chance.h"
#include "tests/simulation/story.h"
#include "tests/simulation/timeline.h"

namespace leasehold::simulation {

// Who leads, as the database has it; the epoch stands in the tables.
struct LeadershipRow {
  std::string server_id;
  int64_t renewals = 0;
  bool taken_by_ttl = false;  // and not because the lock was free
};

// The database: its tables, its clock, its connections, its crashes.
class Database {
 public:
  using ConnectionId = uint64_t;

  Database(Timeline& timeline, Chance& chance, Story& story)
      : timeline_(timeline), chance_(chance), story_(story) {}

  // The database's clock.
  absl::Time now() const;
  void JumpClock(absl::Duration by) { clock_offset_ += by; }

  // ---- connections of servers
  // 0: it cannot be reached. `lost` is called when the connection ends, unless its owner ends it.
  ConnectionId Connect(const std::string& server_id, std::function<void()> lost);
  bool connected(ConnectionId id) const { return connections_.contains(id); }
  // The owner ends it; the database sees that now, or finds out after a long while.
  void Disconnect(ConnectionId id, bool visibly = true);
  void EndBackends(const std::string& server_id);
  void OwnerDied(const std::string& server_id, bool visibly);

  // ---- the leader's session lock
  bool TryLock(ConnectionId id);
  void Unlock(ConnectionId id);

  // ---- fate
  bool up() const { return up_; }
  uint64_t crashes() const { return crashes_; }
  // What was committed asynchronously since the last synchronous commit is gone.
  void Crash();
  void Restart() { up_ = true; }
  // The server's connections end, and it gets no new ones for that time. They may seem alive to the
  // database for a while.
  void CutOff(const std::string& server_id, absl::Duration time);
  bool Reaches(const std::string& server_id) const;
  // A commit that waits for the disk: all before it is on disk too.
  void Flush();

  fake::Tables tables;
  LeadershipRow leadership;
  std::map<std::string, std::string> addresses;  // of servers
  // Has all servers look who leads.
  std::function<void()> notify_servers = [] {};

 private:
  struct Connection {
    std::string server_id;
    std::function<void()> lost;
  };
  void Lose(ConnectionId id);
  std::vector<ConnectionId> Of(const std::string& server_id) const;

  Timeline& timeline_;
  Chance& chance_;
  Story& story_;
  absl::Duration clock_offset_;
  bool up_ = true;
  uint64_t crashes_ = 0;
  ConnectionId last_connection_ = 0;
  std::map<ConnectionId, Connection> connections_;
  ConnectionId lock_holder_ = 0;
  std::map<std::string, absl::Time> cut_until_;
  int64_t renewals_on_disk_ = 0;
};

}  // namespace leasehold::simulation
