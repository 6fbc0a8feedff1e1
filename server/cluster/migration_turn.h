#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/store/leadership_store.h"

namespace leasehold::cluster {

// The leadership, held without serving anybody, while the schema is migrated under a running fleet:
// the leader has yielded it, or has been fenced off, and no other server takes it meanwhile.
class MigrationTurn {
 public:
  struct Options {
    std::string server_id;
    store::ServerRow row;
    // How long the leader may take to yield before its leadership is taken. Zero: it is not asked,
    // and the turn is refused while one leads.
    absl::Duration max_wait;
    // A leader, or another that asks, is gone when it has not moved for so long.
    absl::Duration ttl = absl::Seconds(5);
    // Whether to give up.
    std::function<bool()> stop;
  };

  // Blocks until this server has the leadership. kFailedPrecondition: one leads and may not be
  // asked. kAborted: another server has its turn; look again what is left to be migrated.
  // kCancelled: `stop`.
  static absl::StatusOr<std::unique_ptr<MigrationTurn>> Take(
      Options options, std::unique_ptr<store::LeadershipStore> store);

  // Any server may lead again.
  ~MigrationTurn();

  MigrationTurn(const MigrationTurn&) = delete;
  MigrationTurn& operator=(const MigrationTurn&) = delete;

 private:
  using Clock = std::chrono::steady_clock;

  MigrationTurn(Options options, std::unique_ptr<store::LeadershipStore> store)
      : options_(std::move(options)), store_(std::move(store)) {}

  absl::Status AskUntilYielded();
  absl::Status Force();
  absl::Status Fence();
  void KeepAsking();

  const Options options_;
  const std::unique_ptr<store::LeadershipStore> store_;

  Mutex mu_;
  CondVar changed_;
  bool over_ GUARDED_BY(mu_) = false;
  std::thread asker_;
};

}  // namespace leasehold::cluster
