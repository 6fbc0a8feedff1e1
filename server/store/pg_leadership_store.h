#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "server/store/connection.h"
#include "server/store/leadership_store.h"

namespace leasehold::store {

// Leadership in PostgreSQL, on a connection of its own. Needs nothing of the schema but the tables
// `leadership`, `servers` and `migrations`.
class PgLeadershipStore final : public LeadershipStore {
 public:
  // kUnavailable: nobody answers there.
  static absl::StatusOr<std::unique_ptr<LeadershipStore>> Connect(ConnectionOptions options);

  bool lost() const override { return connection_->lost(); }
  absl::Status Register(const ServerRow& row) override;
  absl::Status Show(int streams) override;
  absl::Status Unregister() override;
  absl::StatusOr<Leadership> Read() override;
  absl::StatusOr<bool> TryLock() override;
  absl::StatusOr<uint64_t> TakeOver(uint64_t expected, uint64_t at_least = 0) override;
  absl::StatusOr<bool> NoteTimeline(uint64_t epoch, const std::string& timeline) override;
  absl::StatusOr<Renewal> Renew(uint64_t epoch, int streams = 0) override;
  absl::Status Yield(uint64_t epoch) override;
  absl::Status Notify() override;
  absl::StatusOr<bool> Ask(bool other_is_gone) override;
  absl::Status StopAsking() override;
  absl::Status EndBackends(std::string_view server_id) override;
  absl::StatusOr<DatabaseFacts> ReadFacts() override;

 private:
  explicit PgLeadershipStore(std::unique_ptr<Connection> connection)
      : connection_(std::move(connection)) {}

  const std::string& server_id() const { return connection_->options().server_id; }

  const std::unique_ptr<Connection> connection_;
};

}  // namespace leasehold::store
