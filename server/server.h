#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/admin/admin_server.h"
#include "server/cluster/leadership.h"
#include "server/config.h"
#include "server/crontab_file.h"
#include "server/job_sampler.h"
#include "server/loop/queue_loop.h"
#include "server/metrics/metrics.h"
#include "server/queue_meter.h"
#include "server/ready_file.h"
#include "server/rpc/grpc_server.h"
#include "server/store/embedded/embedded_postgres.h"
#include "server/store/embedded/ephemeral_directory.h"
#include "server/store/leadership_store.h"
#include "server/store/listener.h"
#include "server/store/migrator/migrator.h"
#include "server/store/pg_job_store.h"

namespace leasehold {

// Owns every object of the server, makes them in start order and ends them in reverse. Holds no
// rule.
//
// Start and Stop belong to the main thread.
class Server final : public cluster::LeadershipObserver, public store::JobStoreObserver {
 public:
  explicit Server(Config config,
                  std::vector<sql::Migration> migrations = store::MigrateOptions::AllMigrations());
  ~Server() override;

  // Starts PostgreSQL where it is embedded. Before signals are blocked.
  absl::Status StartDatabase();
  // Reads the crontab file; every fault is in the error. Before Start.
  absl::Status ReadCrontab() { return crontab_.Read(); }
  // Reads it again; what is wrong is logged.
  void Reload();
  // Brings the schema up to date, or checks it, and does no more. `stop`: whether to give up.
  absl::Status Migrate(const std::function<bool()>& stop);
  // Listens, brings the schema up to date, and serves. Every error is one sentence for the
  // operator, with its remedy.
  absl::Status Start(const std::function<bool()>& stop);

  // Drains: no new leases, executors asked to reconnect, what is acknowledged flushed, connections
  // closed; at most the drain timeout.
  void Stop();

  // Why the embedded PostgreSQL has ended by itself; empty while it runs or if there is none.
  std::optional<std::string> DatabaseExited();

  int port() const { return grpc_.port(); }
  int admin_port() const { return admin_.port(); }

 private:
  // cluster::LeadershipObserver
  absl::Status BeginLeading(const cluster::Begun& begun) override;
  void FollowClock(absl::Time database_now, loop::MonotonicTime at) override;
  void BeginDrain() override;
  bool Drained() override;
  void EndLeading() override;
  void Follow(const cluster::LeaderSeen& leader) override;
  int Beat() override;

  // store::JobStoreObserver: passed on to the loop and, where it matters, the leadership.
  void InboxFilled() override;
  void StoreAway() override;
  void StoreBack(uint64_t epoch) override;
  void Deposed() override;

  absl::Status Ready() const;
  void ShowReadiness();
  std::string ReadyText() const;
  std::string AdvertisedAddress() const;
  store::ConnectionOptions DatabaseConnection();

  absl::Status CheckNeighbours();
  store::ServerRow Row() const;

  Config config_;
  const std::vector<sql::Migration> migrations_;
  Metrics metrics_;
  QueueMeter meter_;
  std::optional<store::EphemeralDirectory> ephemeral_;
  std::unique_ptr<store::EmbeddedPostgres> postgres_;
  ReadyFile ready_file_;
  CrontabFile crontab_;
  loop::QueueLoop loop_;
  JobSampler sampler_;
  rpc::GrpcServer grpc_;
  admin::AdminServer admin_;
  std::optional<cluster::Leadership> leadership_;
  std::optional<store::Listener> listener_;   // of what servers tell each other
  std::shared_ptr<store::PgJobStore> store_;  // of this leadership; the leadership thread's
  std::atomic<bool> database_away_{false};
  std::atomic<bool> draining_{false};
  std::atomic<bool> migrated_{false};
  bool stopped_ = false;
};

}  // namespace leasehold
