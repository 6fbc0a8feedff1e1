#include "server/rpc/admin_service.h"

#include <string>
#include <utility>
#include <vector>

#include "server/rpc/convert_admin.h"
#include "server/rpc/convert_time.h"
#include "server/rpc/limits.h"
#include "server/rpc/page_token.h"
#include "server/rpc/request_key.h"

namespace leasehold::rpc {
namespace {

void SetTotals(const loop::QueueStats& stats, v1::GetStatsResponse& response) {
  response.set_added_total(stats.added);
  response.set_completed_total(stats.completed);
  response.set_failed_attempts_total(stats.failed_attempts);
  response.set_released_total(stats.released);
  response.set_swept_total(stats.swept);
  response.set_lease_lost_total(stats.lease_lost);
  response.set_leased_total(stats.leased);
  response.set_connected_sessions(stats.connected_sessions);
  response.set_sessions(stats.sessions);
  response.set_epoch(stats.epoch);
}

// The ids of the jobs changed.
void AddId(JobId id, auto& response) { response.add_ids(std::to_string(id)); }
void AddId(JobId id, v1::ForceUnlockResponse& response) {
  response.add_job_ids(std::to_string(id));
}

template <typename Response>
Response AnswerOf(std::vector<queue::ExecutorInfo> executors) {
  Response response;
  for (queue::ExecutorInfo& executor : executors) {
    *response.add_executors() = ToProto(std::move(executor));
  }
  return response;
}

}  // namespace

template <typename Request, typename Response>
grpc::ServerUnaryReactor* AdminService::ServeChange(const char* method, Context* context,
                                                    const Bytes* in, Bytes* out) {
  return ServeUnary<Request>(edge_, {v1::AdminService::service_full_name(), method}, context, in,
                             out, [this, method](Request& request, Call call) {
                               Violations violations;
                               const auto key = TakeRequestKey(method, request, violations);
                               JobChange change = FromProto(request, violations);
                               if (!violations.empty()) return call->Fail(violations.ToStatus());
                               edge_.gate.ChangeJobs(
                                   std::move(change), key,
                                   [call](absl::StatusOr<std::vector<JobId>> ids) {
                                     if (!ids.ok()) return call->Fail(ids.status());
                                     Response response;
                                     for (const JobId id : *ids) AddId(id, response);
                                     call->Answer(response);
                                   });
                             });
}

grpc::ServerUnaryReactor* AdminService::GetStats(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::GetStatsRequest>("GetStats", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::ListServers(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::ListServersRequest>("ListServers", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::ListQueues(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::ListQueuesRequest>("ListQueues", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::ListTasks(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::ListTasksRequest>("ListTasks", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::ListExecutors(Context* context, const Bytes* in,
                                                      Bytes* out) {
  return ServeBytes<v1::ListExecutorsRequest>("ListExecutors", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::SweepExecutors(Context* context, const Bytes* in,
                                                       Bytes* out) {
  return ServeBytes<v1::SweepExecutorsRequest>("SweepExecutors", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::AdvanceClock(Context* context, const Bytes* in,
                                                     Bytes* out) {
  return ServeBytes<v1::AdvanceClockRequest>("AdvanceClock", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::CleanUp(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::CleanUpRequest>("CleanUp", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::CompleteJobs(Context* context, const Bytes* in,
                                                     Bytes* out) {
  return ServeChange<v1::CompleteJobsRequest, v1::CompleteJobsResponse>("CompleteJobs", context, in,
                                                                        out);
}

grpc::ServerUnaryReactor* AdminService::FailJobs(Context* context, const Bytes* in, Bytes* out) {
  return ServeChange<v1::FailJobsRequest, v1::FailJobsResponse>("FailJobs", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::RescheduleJobs(Context* context, const Bytes* in,
                                                       Bytes* out) {
  return ServeChange<v1::RescheduleJobsRequest, v1::RescheduleJobsResponse>("RescheduleJobs",
                                                                            context, in, out);
}

grpc::ServerUnaryReactor* AdminService::ForceUnlock(Context* context, const Bytes* in, Bytes* out) {
  return ServeChange<v1::ForceUnlockRequest, v1::ForceUnlockResponse>("ForceUnlock", context, in,
                                                                      out);
}

void AdminService::Serve(v1::GetStatsRequest&, Call call) {
  edge_.gate.CountJobs([this, call](absl::StatusOr<store::JobCounts> counts) {
    if (!counts.ok()) return call->Fail(counts.status());
    v1::GetStatsResponse response = ToProto(*counts);
    SetTotals(edge_.gate.Stats(), response);
    response.set_server_version(edge_.options.terms.server_version);
    response.set_server_id(edge_.options.server_id);
    *response.mutable_started_at() = ToProto(edge_.started_at);
    call->Answer(response);
  });
}

void AdminService::Serve(v1::ListServersRequest&, Call call) {
  edge_.gate.ListServers([this, call](absl::StatusOr<std::vector<store::ServerInfo>> servers) {
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
}

void AdminService::Serve(v1::ListQueuesRequest& request, Call call) {
  Violations violations;
  const NamePage page = FromProto(request, violations);
  if (!violations.empty()) return call->Fail(violations.ToStatus());

  // One more tells whether there is a next page.
  edge_.gate.ListQueues(
      page.after, page.size + 1,
      [call, size = page.size](absl::StatusOr<std::vector<store::QueueCounts>> queues) {
        if (!queues.ok()) return call->Fail(queues.status());
        v1::ListQueuesResponse response;
        for (store::QueueCounts& queue : *queues) {
          if (response.queues_size() == size) {
            response.set_next_page_token(NameToken(response.queues(size - 1).name()));
            break;
          }
          *response.add_queues() = ToProto(std::move(queue));
        }
        call->Answer(response);
      });
}

void AdminService::Serve(v1::ListTasksRequest&, Call call) {
  edge_.gate.ListTasks(
      kMaxTasksListed, [this, call](absl::StatusOr<std::vector<store::TaskCounts>> tasks) {
        if (!tasks.ok()) return call->Fail(tasks.status());
        edge_.gate.ListExecutors(
            [call, tasks = *std::move(tasks)](
                absl::StatusOr<std::vector<queue::ExecutorInfo>> executors) mutable {
              if (!executors.ok()) return call->Fail(executors.status());
              call->Answer(ToProto(std::move(tasks), *executors));
            });
      });
}

void AdminService::Serve(v1::ListExecutorsRequest&, Call call) {
  edge_.gate.ListExecutors([call](absl::StatusOr<std::vector<queue::ExecutorInfo>> executors) {
    if (!executors.ok()) return call->Fail(executors.status());
    call->Answer(AnswerOf<v1::ListExecutorsResponse>(*std::move(executors)));
  });
}

void AdminService::Serve(v1::SweepExecutorsRequest& request, Call call) {
  Violations violations;
  const queue::SweepOrder order =
      FromProto(request, 2 * edge_.options.terms.heartbeat_interval, violations);
  if (!violations.empty()) return call->Fail(violations.ToStatus());

  edge_.gate.SweepExecutors(
      order, [call](absl::StatusOr<std::vector<queue::ExecutorInfo>> executors) {
        if (!executors.ok()) return call->Fail(executors.status());
        call->Answer(AnswerOf<v1::SweepExecutorsResponse>(*std::move(executors)));
      });
}

void AdminService::Serve(v1::AdvanceClockRequest& request, Call call) {
  Violations violations;
  const auto by = FromProto({nullptr, "by"}, request.by(), kMaxStartDelay, violations);
  if (!by.has_value()) return call->Fail(violations.ToStatus());

  edge_.gate.AdvanceClock(*by, [call](absl::StatusOr<absl::Time> now) {
    if (!now.ok()) return call->Fail(now.status());
    v1::AdvanceClockResponse response;
    *response.mutable_now() = ToProto(*now);
    call->Answer(response);
  });
}

void AdminService::Serve(v1::CleanUpRequest& request, Call call) {
  Violations violations;
  const store::CleanUpPage page = FromProto(request, violations);
  if (!violations.empty()) return call->Fail(violations.ToStatus());

  edge_.gate.CleanUp(page, [call](absl::StatusOr<store::CleanedUp> cleaned) {
    if (!cleaned.ok()) return call->Fail(cleaned.status());
    call->Answer(ToProto(*cleaned));
  });
}

}  // namespace leasehold::rpc
