#pragma once

#include <string>
#include <string_view>

#include "server/store/leadership_store.h"
#include "tests/simulation/chance.h"
#include "tests/simulation/database.h"
#include "tests/simulation/story.h"

namespace leasehold::simulation {

// A server's connection for the leadership. What it asks is done at once, but takes its time: that
// is added to `spent`.
class LeadershipStore final : public store::LeadershipStore {
 public:
  LeadershipStore(Database& database, Chance& chance, Story& story, std::string server_id,
                  Database::ConnectionId connection, absl::Duration& spent)
      : database_(database),
        chance_(chance),
        story_(story),
        server_id_(std::move(server_id)),
        connection_(connection),
        spent_(spent) {}
  ~LeadershipStore() override { database_.Disconnect(connection_); }

  bool lost() const override { return !database_.connected(connection_); }
  absl::Status Register(const store::ServerRow& row) override;
  absl::Status Show(int) override { return Ask(); }
  absl::Status Unregister() override { return Ask(); }
  absl::StatusOr<store::Leadership> Read() override;
  absl::StatusOr<bool> TryLock() override;
  absl::StatusOr<uint64_t> TakeOver(uint64_t expected, uint64_t at_least) override;
  absl::StatusOr<bool> NoteTimeline(uint64_t epoch, const std::string& timeline) override;
  absl::StatusOr<store::Renewal> Renew(uint64_t epoch, int streams) override;
  absl::Status Yield(uint64_t epoch) override;
  absl::Status Notify() override;
  absl::StatusOr<bool> Ask(bool) override { return false; }
  absl::Status StopAsking() override { return Ask(); }
  absl::Status EndBackends(std::string_view server_id) override;
  absl::StatusOr<store::DatabaseFacts> ReadFacts() override;

 private:
  // Spends the time of one question; the connection may be lost.
  absl::Status Ask();

  Database& database_;
  Chance& chance_;
  Story& story_;
  const std::string server_id_;
  const Database::ConnectionId connection_;
  absl::Duration& spent_;
  // The leader whose backends were ended last had its lock.
  bool by_ttl_ = false;
};

}  // namespace leasehold::simulation
