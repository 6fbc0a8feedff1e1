#include "server/rpc/job_service.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/rpc/convert_job.h"
#include "server/rpc/convert_new_job.h"
#include "server/rpc/limits.h"
#include "server/rpc/page_token.h"
#include "server/rpc/request_key.h"
#include "server/rpc/text.h"

namespace leasehold::rpc {
namespace {

// Leaves room below what clients accept: a page may hold fewer jobs than it was asked for.
constexpr size_t kPageBytes = 3 << 20;

v1::ListJobsResponse PageOf(std::vector<Job> jobs, const store::JobFilter& filter, absl::Time now) {
  v1::ListJobsResponse page;
  const size_t page_size = static_cast<size_t>(filter.limit) - 1;
  size_t bytes = 0;
  JobId last = 0;
  size_t taken = 0;
  for (; taken < jobs.size() && taken < page_size && bytes < kPageBytes; ++taken) {
    last = jobs[taken].id;
    jobs[taken].payload.clear();
    v1::Job* const job = page.add_jobs();
    *job = ToProto(std::move(jobs[taken]), now);
    bytes += job->ByteSizeLong();
  }
  if (taken < jobs.size()) page.set_next_page_token(NextPageToken(filter, last));
  return page;
}

}  // namespace

template <typename Request>
grpc::ServerUnaryReactor* JobService::ServeBytes(const char* method, Context* context,
                                                 const Bytes* in, Bytes* out) {
  return ServeUnary<Request>(
      edge_, {v1::JobService::service_full_name(), method}, context, in, out,
      [this](Request& request, Call call) { Serve(request, std::move(call)); });
}

grpc::ServerUnaryReactor* JobService::AddJob(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::AddJobRequest>("AddJob", context, in, out);
}

grpc::ServerUnaryReactor* JobService::AddJobs(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::AddJobsRequest>("AddJobs", context, in, out);
}

grpc::ServerUnaryReactor* JobService::GetJob(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::GetJobRequest>("GetJob", context, in, out);
}

grpc::ServerUnaryReactor* JobService::ListJobs(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::ListJobsRequest>("ListJobs", context, in, out);
}

grpc::ServerUnaryReactor* JobService::RemoveJob(Context* context, const Bytes* in, Bytes* out) {
  return ServeBytes<v1::RemoveJobRequest>("RemoveJob", context, in, out);
}

void JobService::Serve(v1::AddJobRequest& request, Call call) {
  Violations violations;
  const auto key = TakeRequestKey("AddJob", request, violations);
  std::vector<NewJob> jobs;
  jobs.push_back(
      FromProto({nullptr, "job"}, *request.mutable_job(), edge_.payload_limit(), violations));
  if (!violations.empty()) return call->Fail(violations.ToStatus());

  edge_.gate.AddJobs(std::move(jobs), key, [call](absl::StatusOr<std::vector<JobId>> ids) {
    if (!ids.ok()) return call->Fail(ids.status());
    v1::AddJobResponse response;
    response.set_id(std::to_string(ids->front()));
    call->Answer(response);
  });
}

void JobService::Serve(v1::AddJobsRequest& request, Call call) {
  Violations violations;
  const auto key = TakeRequestKey("AddJobs", request, violations);
  const FieldPath root;
  if (request.jobs().empty() || request.jobs_size() > kMaxJobsPerCall) {
    violations.Add(root.Field("jobs"), absl::StrFormat("must have 1 to %d elements, not %d",
                                                       kMaxJobsPerCall, request.jobs_size()));
    return call->Fail(violations.ToStatus());
  }
  std::vector<NewJob> jobs;
  jobs.reserve(request.jobs_size());
  for (int i = 0; i < request.jobs_size(); ++i) {
    jobs.push_back(FromProto(root.Element("jobs", i), *request.mutable_jobs(i),
                             edge_.payload_limit(), violations));
  }
  if (!violations.empty()) return call->Fail(violations.ToStatus());

  edge_.gate.AddJobs(std::move(jobs), key, [call](absl::StatusOr<std::vector<JobId>> ids) {
    if (!ids.ok()) return call->Fail(ids.status());
    v1::AddJobsResponse response;
    for (const JobId id : *ids) response.add_ids(std::to_string(id));
    call->Answer(response);
  });
}

void JobService::Serve(v1::GetJobRequest& request, Call call) {
  const std::optional<JobId> id = ParseJobId(request.id());
  if (!id.has_value()) {
    Violations violations;
    violations.Add({nullptr, "id"}, "must be a decimal number above 0");
    return call->Fail(violations.ToStatus());
  }
  edge_.gate.GetJob(*id, [this, call](absl::StatusOr<Job> job) {
    if (!job.ok()) return call->Fail(job.status());
    v1::GetJobResponse response;
    *response.mutable_job() = ToProto(*std::move(job), JobsNow());
    call->Answer(response);
  });
}

void JobService::Serve(v1::ListJobsRequest& request, Call call) {
  Violations violations;
  const store::JobFilter filter = FromProto(request, violations);
  if (!violations.empty()) return call->Fail(violations.ToStatus());

  edge_.gate.ListJobs(filter, [this, call, filter](absl::StatusOr<std::vector<Job>> jobs) {
    if (!jobs.ok()) return call->Fail(jobs.status());
    call->Answer(PageOf(*std::move(jobs), filter, JobsNow()));
  });
}

absl::Time JobService::JobsNow() const { return absl::Now() + edge_.gate.ClockMovedBy(); }

void JobService::Serve(v1::RemoveJobRequest& request, Call call) {
  Violations violations;
  const auto request_key = TakeRequestKey("RemoveJob", request, violations);
  CheckText({nullptr, "key"}, request.key(), {.max = 512}, violations);
  if (!violations.empty()) return call->Fail(violations.ToStatus());

  edge_.gate.RemoveJob(std::move(*request.mutable_key()), request_key,
                       [call](absl::StatusOr<JobId> id) {
                         if (!id.ok()) return call->Fail(id.status());
                         v1::RemoveJobResponse response;
                         response.set_id(std::to_string(*id));
                         call->Answer(response);
                       });
}

}  // namespace leasehold::rpc
