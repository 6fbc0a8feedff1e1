#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/store/leadership_store.h"

namespace leasehold::fake {

// What the database knows of a leadership, shared by the stores of several servers.
struct LeadershipTables {
  struct Row {
    store::ServerRow row;
    int64_t renewals = 0;
    int streams = 0;
  };

  bool away = false;        // nobody reaches the database
  bool write_held = false;  // a write of the leader is under way: nobody takes over
  uint64_t epoch = 0;
  std::string leader;
  std::string lock;  // who holds the leader's session lock
  std::string wanted_by;
  int64_t wanted_ticks = 0;
  int newest_breaking = 1;
  std::string timeline = "00000001";
  std::string noted;  // by the leader before
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  std::map<std::string, Row> servers;
  // Whose connections were ended, in order.
  std::vector<std::string> ended;
  int notifications = 0;
  // What happens while a renewal is on its way.
  std::function<void()> during_renewal = [] {};
  // What happens while the answer to a question is on its way.
  std::function<void()> after_reading = [] {};
};

// One server's connection.
class FakeLeadershipStore final : public store::LeadershipStore {
 public:
  FakeLeadershipStore(LeadershipTables& tables, std::string id)
      : tables_(tables), id_(std::move(id)), ended_before_(tables.ended.size()) {}
  ~FakeLeadershipStore() override {
    if (tables_.lock == id_) tables_.lock.clear();
  }

  bool lost() const override { return lost_; }

  absl::Status Register(const store::ServerRow& row) override {
    if (!Reach()) return Lost();
    tables_.servers[id_].row = row;
    return absl::OkStatus();
  }
  absl::Status Show(int streams) override {
    if (!Reach()) return Lost();
    tables_.servers[id_].streams = streams;
    return absl::OkStatus();
  }
  absl::Status Unregister() override {
    if (!Reach()) return Lost();
    tables_.servers.erase(id_);
    return absl::OkStatus();
  }
  absl::StatusOr<store::Leadership> Read() override {
    if (!Reach()) return Lost();
    store::Leadership seen;
    seen.epoch = tables_.epoch;
    seen.server_id = tables_.leader;
    const auto leader = tables_.servers.find(tables_.leader);
    if (leader != tables_.servers.end()) {
      seen.address = leader->second.row.address;
      seen.renewals = leader->second.renewals;
    }
    seen.wanted_by = tables_.wanted_by;
    seen.wanted_ticks = tables_.wanted_ticks;
    seen.newest_breaking = tables_.newest_breaking;
    tables_.after_reading();
    return seen;
  }
  absl::StatusOr<bool> TryLock() override {
    if (!Reach()) return Lost();
    if (tables_.lock.empty()) tables_.lock = id_;
    return tables_.lock == id_;
  }
  absl::StatusOr<uint64_t> TakeOver(uint64_t expected, uint64_t at_least) override {
    if (!Reach()) return Lost();
    if (tables_.write_held) return absl::AbortedError("a write is under way");
    if (tables_.epoch != expected) return absl::FailedPreconditionError("another was faster");
    tables_.leader = id_;
    return tables_.epoch = std::max(tables_.epoch, at_least) + 1;
  }
  absl::StatusOr<bool> NoteTimeline(uint64_t, const std::string& timeline) override {
    if (!Reach()) return Lost();
    const bool changed = !tables_.noted.empty() && tables_.noted != timeline;
    tables_.noted = timeline;
    return changed;
  }
  absl::StatusOr<store::Renewal> Renew(uint64_t epoch, int streams) override {
    if (!Reach()) return Lost();
    if (tables_.epoch != epoch) return absl::FailedPreconditionError("another leads");
    ++tables_.servers[id_].renewals;
    tables_.servers[id_].streams = streams;
    tables_.during_renewal();
    return store::Renewal{tables_.now, tables_.wanted_by, tables_.wanted_ticks};
  }
  absl::Status Yield(uint64_t epoch) override {
    if (!Reach()) return Lost();
    if (tables_.epoch == epoch && tables_.leader == id_) tables_.leader.clear();
    if (tables_.lock == id_) tables_.lock.clear();
    return Notify();
  }
  absl::Status Notify() override {
    ++tables_.notifications;
    return absl::OkStatus();
  }
  absl::StatusOr<bool> Ask(bool other_is_gone) override {
    if (!Reach()) return Lost();
    if (!tables_.wanted_by.empty() && tables_.wanted_by != id_ && !other_is_gone) return false;
    tables_.wanted_by = id_;
    ++tables_.wanted_ticks;
    return true;
  }
  absl::Status StopAsking() override {
    if (!Reach()) return Lost();
    if (tables_.wanted_by == id_) tables_.wanted_by.clear();
    return absl::OkStatus();
  }
  absl::Status EndBackends(std::string_view server_id) override {
    if (!Reach()) return Lost();
    tables_.ended.emplace_back(server_id);
    if (tables_.lock == server_id) tables_.lock.clear();
    return absl::OkStatus();
  }
  absl::StatusOr<store::DatabaseFacts> ReadFacts() override {
    if (!Reach()) return Lost();
    store::DatabaseFacts facts;
    facts.now = tables_.now;
    facts.timeline = tables_.timeline;
    return facts;
  }

 private:
  bool Reach() {
    for (size_t i = ended_before_; i < tables_.ended.size(); ++i) lost_ |= tables_.ended[i] == id_;
    lost_ |= tables_.away;
    return !lost_;
  }
  static absl::Status Lost() { return absl::UnavailableError("lost"); }

  LeadershipTables& tables_;
  const std::string id_;
  const size_t ended_before_;
  bool lost_ = false;
};

}  // namespace leasehold::fake
