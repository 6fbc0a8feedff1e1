#include "server/rpc/admin_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/rpc/convert_time.h"
#include "server/rpc/limits.h"

namespace leasehold::rpc {
namespace {

v1::GetStatsResponse ToProto(const store::JobCounts& counts, const loop::QueueStats& stats) {
  v1::GetStatsResponse proto;
  proto.set_ready(counts.ready);
  proto.set_scheduled(counts.scheduled);
  proto.set_leased(counts.leased);
  proto.set_failed(counts.failed);
  proto.set_added_total(stats.added);
  proto.set_completed_total(stats.completed);
  proto.set_failed_attempts_total(stats.failed_attempts);
  proto.set_released_total(stats.released);
  proto.set_swept_total(stats.swept);
  proto.set_lease_lost_total(stats.lease_lost);
  proto.set_leased_total(stats.leased);
  proto.set_connected_sessions(stats.connected_sessions);
  proto.set_sessions(stats.sessions);
  proto.set_epoch(stats.epoch);
  if (counts.oldest_ready_run_at.has_value()) {
    *proto.mutable_oldest_ready_run_at() = rpc::ToProto(*counts.oldest_ready_run_at);
  }
  return proto;
}

v1::ListServersResponse::Server ToProto(store::ServerInfo server) {
  v1::ListServersResponse::Server proto;
  proto.set_id(std::move(server.id));
  proto.set_address(std::move(server.address));
  proto.set_version(std::move(server.version));
  *proto.mutable_started_at() = rpc::ToProto(server.started_at);
  *proto.mutable_silent() = rpc::ToProto(std::max(server.silent, absl::ZeroDuration()));
  proto.set_streams(server.streams);
  proto.set_leads(server.leads);
  proto.set_epoch(server.epoch);
  return proto;
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::GetStats(grpc::CallbackServerContext* context,
                                                 const grpc::ByteBuffer* in,
                                                 grpc::ByteBuffer* out) {
  return ServeUnary<v1::GetStatsRequest>(
      edge_, {v1::AdminService::service_full_name(), "GetStats"}, context, in, out,
      [this](v1::GetStatsRequest&, std::shared_ptr<UnaryCall> call) {
        edge_.gate.CountJobs([this, call](absl::StatusOr<store::JobCounts> counts) {
          if (!counts.ok()) return call->Fail(counts.status());
          v1::GetStatsResponse response = ToProto(*counts, edge_.gate.Stats());
          response.set_server_version(edge_.options.terms.server_version);
          response.set_server_id(edge_.options.server_id);
          *response.mutable_started_at() = rpc::ToProto(edge_.started_at);
          call->Answer(response);
        });
      });
}

grpc::ServerUnaryReactor* AdminService::ListServers(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* in,
                                                    grpc::ByteBuffer* out) {
  return ServeUnary<v1::ListServersRequest>(
      edge_, {v1::AdminService::service_full_name(), "ListServers"}, context, in, out,
      [this](v1::ListServersRequest&, std::shared_ptr<UnaryCall> call) {
        edge_.gate.ListServers(
            [this, call](absl::StatusOr<std::vector<store::ServerInfo>> servers) {
              if (!servers.ok()) return call->Fail(servers.status());
              const loop::QueueStats stats = edge_.gate.Stats();
              v1::ListServersResponse response;
              for (store::ServerInfo& server : *servers) {
                *response.add_servers() = ToProto(std::move(server));
              }
              response.set_connected_sessions(stats.connected_sessions);
              response.set_sessions(stats.sessions);
              call->Answer(response);
            });
      });
}

grpc::ServerUnaryReactor* AdminService::AdvanceClock(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* in,
                                                     grpc::ByteBuffer* out) {
  return ServeUnary<v1::AdvanceClockRequest>(
      edge_, {v1::AdminService::service_full_name(), "AdvanceClock"}, context, in, out,
      [this](v1::AdvanceClockRequest& request, std::shared_ptr<UnaryCall> call) {
        Violations violations;
        const auto by = FromProto({nullptr, "by"}, request.by(), kMaxStartDelay, violations);
        if (!by.has_value()) return call->Fail(violations.ToStatus());
        edge_.gate.AdvanceClock(*by, [call](absl::StatusOr<absl::Time> now) {
          if (!now.ok()) return call->Fail(now.status());
          v1::AdvanceClockResponse response;
          *response.mutable_now() = rpc::ToProto(*now);
          call->Answer(response);
        });
      });
}

}  // namespace leasehold::rpc
