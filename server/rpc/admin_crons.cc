#include <utility>

#include "server/rpc/admin_service.h"
#include "server/rpc/convert_cron.h"
#include "server/rpc/page_token.h"
#include "server/rpc/request_key.h"

// What operators and programs ask of crons.
namespace leasehold::rpc {
namespace {

// The crons that were changed.
void Fill(const queue::CronsChanged& changed, v1::ApplyCrontabResponse& response) {
  for (const queue::CronInfo& cron : changed.crons) *response.add_crons() = ToProto(cron);
  for (const std::string& identifier : changed.removed) response.add_removed(identifier);
}
void Fill(const queue::CronsChanged&, v1::RemoveCronResponse&) {}
void Fill(const queue::CronsChanged& changed, auto& response) {
  *response.mutable_cron() = ToProto(changed.crons.front());
}

}  // namespace

template <typename Response>
void AdminService::ChangeCrons(queue::CronChange change, const Violations& violations, Call call) {
  if (!violations.empty()) return call->Fail(violations.ToStatus());
  edge_.gate.ChangeCrons(std::move(change), [call](absl::StatusOr<queue::CronsChanged> changed) {
    if (!changed.ok()) return call->Fail(changed.status());
    Response response;
    Fill(*changed, response);
    call->Answer(response);
  });
}

grpc::ServerUnaryReactor* AdminService::ListCrons(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::ListCronsRequest>("ListCrons", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::PutCron(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::PutCronRequest>("PutCron", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::ApplyCrontab(Context* context, const Bytes* in,
                                                     Bytes* out) {
  return ServeBytes<v1::ApplyCrontabRequest>("ApplyCrontab", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::PauseCron(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::PauseCronRequest>("PauseCron", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::ResumeCron(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::ResumeCronRequest>("ResumeCron", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::RemoveCron(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::RemoveCronRequest>("RemoveCron", context, in, out);
}

grpc::ServerUnaryReactor* AdminService::RunCron(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::RunCronRequest>("RunCron", context, in, out);
}

void AdminService::Serve(v1::ListCronsRequest& request, Call call) {
  Violations violations;
  const NamePage page = FromProto(request, violations);
  if (!violations.empty()) return call->Fail(violations.ToStatus());

  // One more tells whether there is a next page.
  edge_.gate.ListCrons(
      page.after, page.size + 1,
      [call, size = page.size](absl::StatusOr<queue::CronsChanged> listed) {
        if (!listed.ok()) return call->Fail(listed.status());
        v1::ListCronsResponse response;
        for (const queue::CronInfo& cron : listed->crons) {
          if (response.crons_size() == size) {
            response.set_next_page_token(NameToken(response.crons(size - 1).spec().identifier()));
            break;
          }
          *response.add_crons() = ToProto(cron);
        }
        call->Answer(response);
      });
}

void AdminService::Serve(v1::PutCronRequest& request, Call call) {
  Violations violations;
  auto change = FromProto(request, edge_.options.terms.payload_limit, violations);
  ChangeCrons<v1::PutCronResponse>(std::move(change), violations, std::move(call));
}

void AdminService::Serve(v1::ApplyCrontabRequest& request, Call call) {
  Violations violations;
  auto change = FromProto(request, edge_.options.terms.payload_limit, violations);
  ChangeCrons<v1::ApplyCrontabResponse>(std::move(change), violations, std::move(call));
}

void AdminService::Serve(v1::PauseCronRequest& request, Call call) {
  Violations violations;
  auto change = FromProto(request, violations);
  ChangeCrons<v1::PauseCronResponse>(std::move(change), violations, std::move(call));
}

void AdminService::Serve(v1::ResumeCronRequest& request, Call call) {
  Violations violations;
  auto change = FromProto(request, violations);
  ChangeCrons<v1::ResumeCronResponse>(std::move(change), violations, std::move(call));
}

void AdminService::Serve(v1::RemoveCronRequest& request, Call call) {
  Violations violations;
  auto change = FromProto(request, violations);
  ChangeCrons<v1::RemoveCronResponse>(std::move(change), violations, std::move(call));
}

void AdminService::Serve(v1::RunCronRequest& request, Call call) {
  Violations violations;
  const auto key = TakeRequestKey("RunCron", request, violations);
  CheckCronIdentifier(request.identifier(), violations);
  if (!violations.empty()) return call->Fail(violations.ToStatus());

  edge_.gate.RunCron(request.identifier(), key,
                     [call](const absl::StatusOr<std::vector<JobId>>& ids) {
                       if (!ids.ok()) return call->Fail(ids.status());
                       v1::RunCronResponse response;
                       response.set_job_id(std::to_string(ids->front()));
                       call->Answer(response);
                     });
}

}  // namespace leasehold::rpc
