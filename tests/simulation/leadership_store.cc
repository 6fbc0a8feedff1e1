#include "tests/simulation/leadership_store.h"

namespace leasehold::simulation {

// Now and then the answer takes long, though what was asked was done at once.
absl::Status LeadershipStore::Ask() {
  spent_ +=
      chance_.OneIn(300) ? chance_.Below(absl::Seconds(3)) : chance_.Below(absl::Milliseconds(1));
  return lost() ? absl::UnavailableError("the connection is lost") : absl::OkStatus();
}

absl::Status LeadershipStore::Register(const store::ServerRow& row) {
  if (absl::Status status = Ask(); !status.ok()) return status;
  database_.addresses[server_id_] = row.address;
  return absl::OkStatus();
}

absl::StatusOr<store::Leadership> LeadershipStore::Read() {
  if (absl::Status status = Ask(); !status.ok()) return status;
  store::Leadership seen;
  seen.epoch = database_.tables.epoch;
  seen.server_id = database_.leadership.server_id;
  seen.renewals = database_.leadership.renewals;
  const auto address = database_.addresses.find(seen.server_id);
  if (address != database_.addresses.end()) seen.address = address->second;
  return seen;
}

absl::StatusOr<bool> LeadershipStore::TryLock() {
  if (absl::Status status = Ask(); !status.ok()) return status;
  return database_.TryLock(connection_);
}

absl::StatusOr<uint64_t> LeadershipStore::TakeOver(uint64_t expected, uint64_t at_least) {
  if (absl::Status status = Ask(); !status.ok()) return status;
  if (database_.tables.epoch != expected) return absl::FailedPreconditionError("it was faster");
  if (chance_.OneIn(20)) return absl::AbortedError("a write is under way");
  database_.tables.epoch = std::max(expected, at_least) + 1;
  database_.leadership = {server_id_, database_.leadership.renewals + 1, by_ttl_};
  by_ttl_ = false;
  database_.Flush();
  return database_.tables.epoch;
}

// There is one timeline: the database restarts, but never fails over.
absl::StatusOr<bool> LeadershipStore::NoteTimeline(uint64_t, const std::string&) { return false; }

absl::StatusOr<store::Renewal> LeadershipStore::Renew(uint64_t epoch, int) {
  if (absl::Status status = Ask(); !status.ok()) return status;
  if (database_.tables.epoch != epoch || database_.leadership.server_id != server_id_) {
    return absl::FailedPreconditionError("the epoch is over");
  }
  ++database_.leadership.renewals;
  return store::Renewal{database_.now(), "", 0};
}

absl::Status LeadershipStore::Yield(uint64_t epoch) {
  if (absl::Status status = Ask(); !status.ok()) return status;
  if (database_.tables.epoch != epoch || database_.leadership.server_id != server_id_) {
    return absl::FailedPreconditionError("the epoch is over");
  }
  database_.leadership.server_id.clear();
  database_.Unlock(connection_);
  return Notify();
}

absl::Status LeadershipStore::Notify() {
  database_.notify_servers();
  return absl::OkStatus();
}

absl::Status LeadershipStore::EndBackends(std::string_view server_id) {
  if (absl::Status status = Ask(); !status.ok()) return status;
  by_ttl_ = !database_.TryLock(connection_);
  database_.EndBackends(std::string(server_id));
  return absl::OkStatus();
}

absl::StatusOr<store::DatabaseFacts> LeadershipStore::ReadFacts() {
  if (absl::Status status = Ask(); !status.ok()) return status;
  store::DatabaseFacts facts;
  facts.now = database_.now();
  return facts;
}

}  // namespace leasehold::simulation
