#include "server/rpc/admin_service.h"

#include <utility>

#include "server/rpc/convert_time.h"

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

}  // namespace leasehold::rpc
