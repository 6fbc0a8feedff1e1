#pragma once

#include <memory>

#include "absl/time/time.h"
#include "leasehold/v1/job_service.grpc.pb.h"
#include "server/rpc/edge.h"
#include "server/rpc/unary_call.h"

namespace leasehold::rpc {

using RawJobService =
    v1::JobService::WithRawCallbackMethod_AddJob<v1::JobService::WithRawCallbackMethod_AddJobs<
        v1::JobService::WithRawCallbackMethod_GetJob<v1::JobService::WithRawCallbackMethod_ListJobs<
            v1::JobService::WithRawCallbackMethod_RemoveJob<v1::JobService::Service>>>>>;

// Producers' calls, translated. The methods take bytes, so that a message that cannot be read is
// answered as such.
class JobService final : public RawJobService {
 public:
  using Context = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;

  explicit JobService(Edge& edge) : edge_(edge) {}

  grpc::ServerUnaryReactor* AddJob(Context* context, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* AddJobs(Context* context, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* GetJob(Context* context, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* ListJobs(Context* context, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* RemoveJob(Context* context, const Bytes* in, Bytes* out) override;

 private:
  using Call = std::shared_ptr<UnaryCall>;

  void Serve(v1::AddJobRequest& request, Call call);
  void Serve(v1::AddJobsRequest& request, Call call);
  void Serve(v1::GetJobRequest& request, Call call);
  void Serve(v1::ListJobsRequest& request, Call call);
  void Serve(v1::RemoveJobRequest& request, Call call);

  // What time it is for jobs: by it they are ready or scheduled.
  absl::Time JobsNow() const;

  template <typename Request>
  grpc::ServerUnaryReactor* ServeBytes(const char* method, Context* context, const Bytes* in,
                                       Bytes* out);

  Edge& edge_;
};

}  // namespace leasehold::rpc
