#include "server/rpc/grpc_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "server/base/errors.h"
#include "server/rpc/acceptor.h"
#include "server/rpc/admin_service.h"
#include "server/rpc/edge.h"
#include "server/rpc/executor_service.h"
#include "server/rpc/grpc_process.h"
#include "server/rpc/job_service.h"
#include "server/rpc/keep_warm.h"

namespace leasehold::rpc {
namespace {

// Callers that wait for the next leader find it, if there is one, well within this.
constexpr absl::Duration kSettlingTime = absl::Milliseconds(500);

using ConnectionAcceptor = grpc::experimental::ExternalConnectionAcceptor;

// Decides on reflection for one server. Its library, once linked, adds it to every server.
class Reflection final : public grpc::ServerBuilderOption {
 public:
  explicit Reflection(bool wanted) : wanted_(wanted) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    auto ours = std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>();
    std::erase_if(*plugins, [&](const auto& plugin) { return plugin->name() == ours->name(); });
    if (wanted_) plugins->push_back(std::move(ours));
  }

 private:
  const bool wanted_;
};

void SetArguments(const GrpcServerOptions& options, grpc::ServerBuilder& builder) {
  // A dead peer is found within half a minute, without its executor's help.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Clients may ping as often as this; gRPC's default cuts off those that keep alive at all.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 15 * 60 * 1000);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
  // Meshes add certificates, tokens and traces to the headers; too long ones end the connection.
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 32 * 1024);
  // A mesh carries many executors over one connection: the cap on streams is our own.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 100'000);
  const int64_t receive = options.terms.frame_limit();
  builder.SetMaxReceiveMessageSize(static_cast<int>(receive));
  builder.SetMaxSendMessageSize(-1);
  // A message is unpacked whole before its size is looked at: a megabyte may hold a gigabyte.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  // And read whole, however long it says that it is: what gRPC may hold for all connections.
  builder.SetResourceQuota(
      grpc::ResourceQuota("leasehold")
          .Resize(static_cast<size_t>(std::max(options.max_buffered_bytes, 4 * receive))));
  // Only reflection is served by threads of this kind.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
}

}  // namespace

// In the order of construction: each may use those above it.
struct GrpcServer::Running {
  Running(GrpcServerOptions options, loop::QueueGate& gate)
      : edge(std::move(options), gate), jobs(edge), executors(edge), admin(edge) {}

  Edge edge;
  JobService jobs;
  ExecutorService executors;
  AdminService admin;
  std::unique_ptr<ConnectionAcceptor> connections;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<Acceptor> acceptor;
  Mutex mu;
  grpc::HealthCheckServiceInterface* health GUARDED_BY(mu) = nullptr;  // null while not running
  std::unique_ptr<KeepWarm> keep_warm GUARDED_BY(mu);
};

GrpcServer::GrpcServer(GrpcServerOptions options, loop::QueueGate& gate)
    : running_(std::make_unique<Running>(std::move(options), gate)) {}

GrpcServer::~GrpcServer() { Shutdown(absl::ZeroDuration()); }

absl::Status GrpcServer::Start() {
  Running& r = *running_;
  const GrpcServerOptions& options = r.edge.options;
  RaiseFileLimit();
  PrepareGrpc();
  auto sockets = Listen(options.host, options.port);
  if (!sockets.ok()) return sockets.status();

  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetArguments(options, builder);
  builder.SetOption(std::make_unique<Reflection>(options.reflection));
  builder.RegisterService(&r.jobs);
  builder.RegisterService(&r.executors);
  builder.RegisterService(&r.admin);
  r.connections = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      grpc::InsecureServerCredentials());
  r.server = builder.BuildAndStart();
  if (r.server == nullptr) return absl::InternalError("gRPC does not start");

  {
    MutexLock lock(r.mu);
    r.health = r.server->GetHealthCheckService();
    r.keep_warm = std::make_unique<KeepWarm>(r.server->InProcessChannel({}));
  }
  SetServing(false);
  r.acceptor = std::make_unique<Acceptor>(*std::move(sockets), options.max_connections,
                                          [&r](int listener_fd, int fd) {
                                            ConnectionAcceptor::NewConnectionParameters connection;
                                            connection.listener_fd = listener_fd;
                                            connection.fd = fd;
                                            r.connections->HandleNewConnection(&connection);
                                          });
  return absl::OkStatus();
}

int GrpcServer::port() const { return running_->acceptor->port(); }

void GrpcServer::LeadHere() { running_->edge.route.LeadHere(); }

void GrpcServer::FollowLeader(uint64_t epoch, const std::string& address) {
  running_->edge.route.Follow(epoch, address);
}

void GrpcServer::FollowNobody() { running_->edge.route.FollowNobody(); }

absl::Status GrpcServer::Ready() const { return running_->edge.route.Ready(); }

void GrpcServer::SetServing(bool serving) {
  MutexLock lock(running_->mu);
  auto* const health = running_->health;
  if (health == nullptr) return;
  health->SetServingStatus("", serving);
  for (const char* service :
       {v1::JobService::service_full_name(), v1::ExecutorService::service_full_name(),
        v1::AdminService::service_full_name()}) {
    health->SetServingStatus(service, serving);
  }
}

bool GrpcServer::Alive() const {
  MutexLock lock(running_->mu);
  return running_->keep_warm != nullptr && running_->keep_warm->Alive();
}

int GrpcServer::streams() const { return static_cast<int>(running_->edge.streams.size()); }

void GrpcServer::Shutdown(absl::Duration grace) {
  Running& r = *running_;
  if (r.server == nullptr) return;
  SetServing(false);
  r.acceptor.reset();
  r.edge.route.Settle(std::min(grace, kSettlingTime));
  r.edge.route.Close(Draining());
  r.edge.streams.EndAll(Draining());
  {
    MutexLock lock(r.mu);
    r.health = nullptr;
    r.keep_warm.reset();
  }
  r.server->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  r.connections.reset();
  r.server.reset();
}

}  // namespace leasehold::rpc
