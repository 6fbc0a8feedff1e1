#pragma once

#include <memory>
#include <utility>

#include "leasehold/v1/admin_service.grpc.pb.h"
#include "server/queue/cron_info.h"
#include "server/rpc/edge.h"
#include "server/rpc/unary_call.h"
#include "server/rpc/violations.h"

namespace leasehold::rpc {

// The methods that change jobs, and all of them.
using RawChangingService = v1::AdminService::WithRawCallbackMethod_CompleteJobs<
    v1::AdminService::WithRawCallbackMethod_FailJobs<
        v1::AdminService::WithRawCallbackMethod_RescheduleJobs<
            v1::AdminService::WithRawCallbackMethod_ForceUnlock<
                v1::AdminService::WithRawCallbackMethod_CleanUp<v1::AdminService::Service>>>>>;
// Those about crons, beside them.
using RawCronService = v1::AdminService::WithRawCallbackMethod_ListCrons<
    v1::AdminService::WithRawCallbackMethod_PutCron<
        v1::AdminService::WithRawCallbackMethod_ApplyCrontab<
            v1::AdminService::WithRawCallbackMethod_PauseCron<
                v1::AdminService::WithRawCallbackMethod_ResumeCron<
                    v1::AdminService::WithRawCallbackMethod_RemoveCron<
                        v1::AdminService::WithRawCallbackMethod_RunCron<RawChangingService>>>>>>>;
using RawAdminService = v1::AdminService::WithRawCallbackMethod_GetStats<
    v1::AdminService::WithRawCallbackMethod_ListServers<
        v1::AdminService::WithRawCallbackMethod_ListQueues<
            v1::AdminService::WithRawCallbackMethod_ListTasks<
                v1::AdminService::WithRawCallbackMethod_ListExecutors<
                    v1::AdminService::WithRawCallbackMethod_SweepExecutors<
                        v1::AdminService::WithRawCallbackMethod_AdvanceClock<RawCronService>>>>>>>;

// Operators' calls, translated.
class AdminService final : public RawAdminService {
 public:
  using Context = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;
  using Reactor = grpc::ServerUnaryReactor;

  explicit AdminService(Edge& edge) : edge_(edge) {}

  Reactor* GetStats(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* ListServers(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* ListQueues(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* ListTasks(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* ListExecutors(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* SweepExecutors(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* AdvanceClock(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* CompleteJobs(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* FailJobs(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* RescheduleJobs(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* ForceUnlock(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* CleanUp(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* ListCrons(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* PutCron(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* ApplyCrontab(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* PauseCron(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* ResumeCron(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* RemoveCron(Context* context, const Bytes* in, Bytes* out) override;
  Reactor* RunCron(Context* context, const Bytes* in, Bytes* out) override;

 private:
  using Call = std::shared_ptr<UnaryCall>;

  void Serve(v1::GetStatsRequest& request, Call call);
  void Serve(v1::ListServersRequest& request, Call call);
  void Serve(v1::ListQueuesRequest& request, Call call);
  void Serve(v1::ListTasksRequest& request, Call call);
  void Serve(v1::ListExecutorsRequest& request, Call call);
  void Serve(v1::SweepExecutorsRequest& request, Call call);
  void Serve(v1::AdvanceClockRequest& request, Call call);
  void Serve(v1::CleanUpRequest& request, Call call);
  void Serve(v1::ListCronsRequest& request, Call call);
  void Serve(v1::PutCronRequest& request, Call call);
  void Serve(v1::ApplyCrontabRequest& request, Call call);
  void Serve(v1::PauseCronRequest& request, Call call);
  void Serve(v1::ResumeCronRequest& request, Call call);
  void Serve(v1::RemoveCronRequest& request, Call call);
  void Serve(v1::RunCronRequest& request, Call call);

  // The others, which change jobs by id.
  template <typename Request, typename Response>
  Reactor* ServeChange(const char* method, Context* context, const Bytes* in, Bytes* out);

  template <typename Response>
  void ChangeCrons(queue::CronChange change, const Violations& violations, Call call);

  template <typename Request>
  Reactor* ServeBytes(const char* method, Context* context, const Bytes* in, Bytes* out);

  Edge& edge_;
};

template <typename Request>
grpc::ServerUnaryReactor* AdminService::ServeBytes(const char* method, Context* context,
                                                   const Bytes* in, Bytes* out) {
  return ServeUnary<Request>(
      edge_, {v1::AdminService::service_full_name(), method}, context, in, out,
      [this](Request& request, Call call) { Serve(request, std::move(call)); });
}

}  // namespace leasehold::rpc
