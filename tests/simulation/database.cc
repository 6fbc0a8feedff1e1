#include "tests/simulation/database.h"

#include <algorithm>
#include <utility>

namespace leasehold::simulation {
namespace {

// Until the database gives up a connection whose other end is gone without a word.
constexpr absl::Duration kDeadConnection = absl::Seconds(15);

}  // namespace

absl::Time Database::now() const {
  return absl::FromUnixMicros(absl::ToUnixMicros(timeline_.now() + clock_offset_));
}

Database::ConnectionId Database::Connect(const std::string& server_id, std::function<void()> lost) {
  if (!up_ || !Reaches(server_id)) return 0;
  connections_[++last_connection_] = {server_id, std::move(lost)};
  return last_connection_;
}

bool Database::Reaches(const std::string& server_id) const {
  const auto cut = cut_until_.find(server_id);
  return up_ && (cut == cut_until_.end() || cut->second <= timeline_.now());
}

void Database::Disconnect(ConnectionId id, bool visibly) {
  if (id == 0 || !connections_.contains(id)) return;
  connections_[id].lost = [] {};
  const absl::Duration wait =
      visibly ? chance_.Below(absl::Milliseconds(5)) : chance_.Below(kDeadConnection);
  timeline_.After(wait, [this, id] { Lose(id); });
}

// Its locks go with it.
void Database::Lose(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const std::function<void()> lost = std::move(found->second.lost);
  connections_.erase(found);
  if (lock_holder_ == id) lock_holder_ = 0;
  lost();
}

std::vector<Database::ConnectionId> Database::Of(const std::string& server_id) const {
  std::vector<ConnectionId> ids;
  for (const auto& [id, connection] : connections_) {
    if (connection.server_id == server_id) ids.push_back(id);
  }
  return ids;
}

void Database::EndBackends(const std::string& server_id) {
  for (const ConnectionId id : Of(server_id)) Lose(id);
}

void Database::OwnerDied(const std::string& server_id, bool visibly) {
  for (const ConnectionId id : Of(server_id)) Disconnect(id, visibly);
}

bool Database::TryLock(ConnectionId id) {
  if (!connected(id)) return false;
  if (lock_holder_ == 0) lock_holder_ = id;
  return lock_holder_ == id;
}

void Database::Unlock(ConnectionId id) {
  if (lock_holder_ == id) lock_holder_ = 0;
}

void Database::CutOff(const std::string& server_id, absl::Duration time) {
  cut_until_[server_id] = timeline_.now() + time;
  for (const ConnectionId id : Of(server_id)) {
    const std::function<void()> lost = std::exchange(connections_[id].lost, [] {});
    Disconnect(id, /*visibly=*/chance_.OneIn(2));
    lost();
  }
}

void Database::Crash() {
  up_ = false;
  ++crashes_;
  const size_t rows = tables.leases.size();
  tables.LoseAsynchronousCommits();
  story_.Count(Happening::kLeaseRowsLost, static_cast<int64_t>(rows - tables.leases.size()));
  leadership.renewals = renewals_on_disk_;
  // A sequence goes back as far as nothing of it was kept. What a leader reserves is: so many ids
  // are written ahead at once that the reservation is a commit of its own.
  tables.next_job = std::max(tables.last_used_job, tables.reserved_job) + 1;
  while (!connections_.empty()) Lose(connections_.begin()->first);
}

void Database::Flush() {
  for (auto& [number, row] : tables.leases) row.durable = true;
  renewals_on_disk_ = leadership.renewals;
}

}  // namespace leasehold::simulation
