#include "server/server.h"

#include <unistd.h>

#include <random>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/address.h"
#include "server/base/errors.h"
#include "server/host.h"
#include "server/logging/log.h"
#include "server/neighbours.h"
#include "server/redact.h"
#include "server/schema_update.h"
#include "server/store/embedded/database_url.h"
#include "server/store/list_servers.h"
#include "server/store/pg_leadership_store.h"
#include "server/version.h"

namespace leasehold {
namespace {

// What is acknowledged is on disk, and the leadership yielded, within this of SIGTERM, unless the
// database does not answer.
constexpr absl::Duration kYieldTime = absl::Seconds(3);
// How long callers may take to close their connections, after they were asked to.
constexpr absl::Duration kClosingTime = absl::Seconds(1);

std::string RandomServerId() {
  std::random_device device;
  return absl::StrFormat("%08x%08x", device(), device());
}

queue::QueueOptions OptionsOfQueue(const Config& config) {
  queue::QueueOptions options;
  options.heartbeat_interval = config.heartbeat_interval;
  options.session_timeout = config.session_timeout;
  options.resume_timeout = config.resume_timeout;
  options.receipt_timeout = config.receipt_timeout;
  options.sweep_interval = config.sweep_interval;
  options.recovery_delay = config.recovery_delay;
  options.max_crashes = config.max_crashes;
  options.clock_may_move = config.ephemeral;
  return options;
}

rpc::GrpcServerOptions OptionsOfGrpc(const Config& config, Metrics& metrics) {
  rpc::GrpcServerOptions options;
  const Address address = ParseAddress(config.listen).value();
  options.host = address.host;
  options.port = address.port;
  options.reflection = config.reflection;
  options.max_streams = config.max_streams;
  options.terms.heartbeat_interval = config.heartbeat_interval;
  options.terms.session_timeout = config.session_timeout;
  options.terms.payload_limit = config.payload_limit;
  options.terms.server_version = kVersion;
  options.server_id = config.server_id;
  options.observer = [&metrics](const rpc::CallRecord& call) {
    RpcMetrics& rpc = metrics.Rpc(call.service, call.method, call.stream ? "bidi_stream" : "unary");
    rpc.Started();
    rpc.Handled(call.code, call.seconds);
  };
  return options;
}

Config WithServerId(Config config) {
  if (config.server_id.empty()) config.server_id = RandomServerId();
  return config;
}

}  // namespace

Server::Server(Config config, std::vector<sql::Migration> migrations)
    : config_(WithServerId(std::move(config))),
      migrations_(std::move(migrations)),
      metrics_(kVersion),
      meter_(metrics_),
      ready_file_(config_.ready_file),
      crontab_(config_.crontab),
      loop_({.queue = OptionsOfQueue(config_),
             .may_deliver = [this] { return leadership_->MayDeliver(); }},
            meter_),
      sampler_(metrics_, loop_),
      grpc_(OptionsOfGrpc(config_, metrics_), loop_),
      admin_({.live = [this] { return grpc_.Alive(); },
              .ready = [this] { return Ready(); },
              .metrics =
                  [this] {
                    sampler_.Sample();
                    return metrics_.Text();
                  }}) {}

Server::~Server() { Stop(); }

absl::Status Server::StartDatabase() {
  if (config_.ephemeral) {
    auto made = store::EphemeralDirectory::Make();
    if (!made.ok()) return made.status();
    ephemeral_.emplace(*std::move(made));
    config_.data_dir = ephemeral_->path();
  }
  if (config_.data_dir.empty()) return absl::OkStatus();
  store::EmbeddedPostgres::Options options;
  options.data_dir = config_.data_dir;
  options.binaries = config_.pg_bin_dir;
  options.durable = !config_.ephemeral;
  auto started = store::EmbeddedPostgres::Start(options);
  if (!started.ok()) return started.status();
  postgres_ = *std::move(started);
  config_.database_url = postgres_->url();
  return absl::OkStatus();
}

store::ServerRow Server::Row() const {
  return {.address = AdvertisedAddress(), .version = kVersion, .host = HostIdentity()};
}

absl::Status Server::Migrate(const std::function<bool()>& stop) {
  return BringUpToDate({.config = config_,
                        .connection = DatabaseConnection(),
                        .row = {.address = "", .version = kVersion, .host = HostIdentity()},
                        .migrations = migrations_,
                        .stop = stop});
}

store::ConnectionOptions Server::DatabaseConnection() {
  store::ConnectionOptions options;
  options.database_url = config_.database_url;
  options.schema = config_.schema;
  options.server_id = config_.server_id;
  options.statement_ran = [this](std::string_view name, absl::Duration took, const absl::Status&) {
    metrics_.DatabaseStatementSeconds(std::string(name), absl::ToDoubleSeconds(took));
  };
  return options;
}

void Server::ShowReadiness() {
  const bool ready = Ready().ok();
  grpc_.SetServing(ready);
  if (ready) ready_file_.Write(ReadyText());
}

// One NAME=VALUE a line, none with a space: `export $(cat FILE)` takes them in a shell.
std::string Server::ReadyText() const {
  Address admin = ParseAddress(config_.admin_listen).value();
  admin.port = admin_.port();
  if (IsWildcard(admin)) admin.host = HostName();
  std::string text = absl::StrFormat("LEASEHOLD_SERVER=%s\nLEASEHOLD_ADMIN=%s\n",
                                     AdvertisedAddress(), FormatAddress(admin));
  // That of somebody else's PostgreSQL may hold a password.
  if (postgres_ != nullptr) text += "LEASEHOLD_DATABASE=" + config_.database_url + "\n";
  return text;
}

std::string Server::AdvertisedAddress() const {
  if (!config_.advertise_address.empty()) return config_.advertise_address;
  Address address = ParseAddress(config_.listen).value();
  address.port = grpc_.port();
  if (IsWildcard(address)) address.host = HostName();
  return FormatAddress(address);
}

absl::Status Server::CheckNeighbours() {
  // Prepares every statement: the schema is the one that they were written for.
  const auto connection = store::Connection::Open(DatabaseConnection());
  if (!connection.ok()) return connection.status();
  const auto servers = store::ListServers(**connection);
  if (!servers.ok()) return servers.status();
  return leasehold::CheckNeighbours(Row(), *servers);
}

absl::Status Server::Start(const std::function<bool()>& stop) {
  if (config_.ephemeral) {
    Log::Warning("ephemeral: nothing is kept when this server ends",
                 {{"directory", config_.data_dir}});
  }
  absl::Status status = ready_file_.Prepare();
  if (status.ok()) status = grpc_.Start();
  if (!status.ok()) return status;
  status = admin_.Start(ParseAddress(config_.admin_listen).value());
  if (!status.ok()) return status;
  status = BringUpToDate({.config = config_,
                          .connection = DatabaseConnection(),
                          .row = Row(),
                          .migrations = migrations_,
                          .stop = stop});
  if (status.ok()) status = CheckNeighbours();
  if (!status.ok()) return status;
  migrated_ = true;
  leadership_.emplace(
      cluster::Replica::Options{.server_id = config_.server_id,
                                .row = Row(),
                                .newest_breaking = store::NewestBreakingMigration(migrations_),
                                .keeps_nothing = config_.ephemeral},
      *this, [connection = DatabaseConnection()] {
        return store::PgLeadershipStore::Connect(connection).value_or(nullptr);
      });
  listener_.emplace(DatabaseConnection(), store::LeadershipChannel(config_.schema), absl::Hours(1),
                    [this] { leadership_->LookNow(); });
  loop_.UseCrontab(crontab_.entries());
  loop_.Start();
  leadership_->Start();
  listener_->Start();
  Log::Info("serves",
            {{"listen", absl::StrFormat("%s:%d", ParseAddress(config_.listen)->host, grpc_.port())},
             {"admin_port", admin_.port()},
             {"advertises", AdvertisedAddress()},
             {"database", RedactPasswords(config_.database_url)},
             {"schema", config_.schema},
             {"server_id", config_.server_id},
             {"version", kVersion}});
  if (postgres_ == nullptr) return absl::OkStatus();
  return store::WriteUrlFile(config_.data_dir, config_.database_url);
}

void Server::Reload() {
  if (crontab_.ReadAgain()) loop_.UseCrontab(crontab_.entries());
}

void Server::Stop() {
  if (std::exchange(stopped_, true)) return;
  draining_ = true;
  metrics_.SetDraining(true);
  if (leadership_.has_value()) {
    grpc_.SetServing(false);
    // Another server may lead before callers that sleep have closed their connections.
    if (!leadership_->Yield(kYieldTime)) Log::Warning("not everything was flushed in time");
    grpc_.Shutdown(std::min(config_.drain_timeout, kClosingTime));
    listener_->Stop();
    leadership_->Stop();
    loop_.Stop();
  } else {
    grpc_.Shutdown(absl::ZeroDuration());
  }
  admin_.Stop();
  ready_file_.Remove();
  if (postgres_ != nullptr) {
    const absl::Status stopped = postgres_->Stop();
    if (!stopped.ok()) Log::Error(std::string(stopped.message()));
  }
}

std::optional<std::string> Server::DatabaseExited() {
  return postgres_ == nullptr ? std::nullopt : postgres_->Exited();
}

absl::Status Server::BeginLeading(const cluster::Begun& begun) {
  auto store = std::make_shared<store::PgJobStore>(
      store::PgJobStoreOptions{.connection = DatabaseConnection(),
                               .connections = config_.database_connections,
                               .inbox_poll_interval = config_.inbox_poll_interval},
      *this);
  const absl::Status started = store->Start(begun.epoch);
  if (!started.ok()) return started;
  store_ = store;
  database_away_ = false;
  loop_.Lead(std::move(store), {.epoch = begun.epoch, .adopts = !begun.timeline_changed},
             begun.database_now, begun.at);
  grpc_.LeadHere();
  ShowReadiness();
  return absl::OkStatus();
}

void Server::FollowClock(absl::Time database_now, loop::MonotonicTime at) {
  loop_.FollowClock(database_now, at);
}

// Calls wait here for the next leader, unless they are under way already.
void Server::BeginDrain() {
  grpc_.FollowNobody();
  loop_.Drain();
}

bool Server::Drained() { return loop_.WaitUntilDrained(absl::ZeroDuration()); }

void Server::EndLeading() {
  grpc_.FollowNobody();
  database_away_ = false;
  if (store_ == nullptr) return;
  store_->Stop();
  loop_.Deposed();
  store_.reset();
}

int Server::Beat() {
  ShowReadiness();
  return grpc_.streams();
}

void Server::Follow(const cluster::LeaderSeen& leader) {
  if (leader.server_id.empty()) {
    Log::Info("knows no leader");
    grpc_.FollowNobody();
  } else {
    Log::Info("follows",
              {{"leader", leader.server_id}, {"at", leader.address}, {"epoch", leader.epoch}});
    grpc_.FollowLeader(leader.epoch, leader.address);
  }
  ShowReadiness();
}

void Server::InboxFilled() {
  metrics_.InboxNotifications(1);
  loop_.InboxFilled();
}

void Server::StoreAway() {
  Log::Warning("the database is away");
  database_away_ = true;
  grpc_.SetServing(false);
  loop_.StoreAway();
}

void Server::StoreBack(uint64_t epoch) {
  Log::Info("the database is back", {{"epoch", epoch}});
  database_away_ = false;
  leadership_->EpochRaised(epoch);
  loop_.StoreBack(epoch);
  ShowReadiness();
}

void Server::Deposed() { leadership_->Deposed(); }

absl::Status Server::Ready() const {
  if (draining_) return Draining();
  if (!migrated_) return NotMigrated();
  // A database that is silent does not end the renewal that waits for it.
  const bool stale = leadership_->leads() && !leadership_->MayDeliver();
  if (database_away_ || stale) return DatabaseAway();
  return grpc_.Ready();
}

}  // namespace leasehold
