#include "tests/end_to_end/raw_session.h"

#include <chrono>
#include <stdexcept>
#include <utility>

namespace leasehold::testing {

RawContext::RawContext() {
  set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  set_wait_for_ready(true);
}

RawCaller::RawCaller(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  const auto channel =
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  jobs_ = v1::JobService::NewStub(channel);
  executors_ = v1::ExecutorService::NewStub(channel);
  admin_ = v1::AdminService::NewStub(channel);
}

grpc::Status RawCaller::Call(const v1::AddJobRequest& request, v1::AddJobResponse& response) {
  RawContext context;
  return jobs_->AddJob(&context, request, &response);
}

grpc::Status RawCaller::Call(const v1::AddJobsRequest& request, v1::AddJobsResponse& response) {
  RawContext context;
  return jobs_->AddJobs(&context, request, &response);
}

grpc::Status RawCaller::Call(const v1::RemoveJobRequest& request, v1::RemoveJobResponse& response) {
  RawContext context;
  return jobs_->RemoveJob(&context, request, &response);
}

grpc::Status RawCaller::Call(const v1::CompleteRequest& request, v1::CompleteResponse& response) {
  RawContext context;
  return executors_->Complete(&context, request, &response);
}

grpc::Status RawCaller::Call(const v1::FailRequest& request, v1::FailResponse& response) {
  RawContext context;
  return executors_->Fail(&context, request, &response);
}

grpc::Status RawCaller::Call(const v1::CompleteJobsRequest& request,
                             v1::CompleteJobsResponse& response) {
  RawContext context;
  return admin_->CompleteJobs(&context, request, &response);
}

grpc::Status RawCaller::Complete(const std::string& lease_token) {
  v1::CompleteResponse response;
  return Call(CompleteRequestOf(lease_token), response);
}

grpc::Status RawCaller::Fail(const std::string& lease_token, const std::string& error) {
  v1::FailResponse response;
  return Call(FailRequestOf(lease_token, error), response);
}

v1::CompleteRequest CompleteRequestOf(const std::string& lease_token) {
  v1::CompleteRequest request;
  request.add_lease_tokens(lease_token);
  return request;
}

v1::FailRequest FailRequestOf(const std::string& lease_token, const std::string& error) {
  v1::FailRequest request;
  auto& failure = *request.add_failures();
  failure.set_lease_token(lease_token);
  failure.mutable_fail()->set_error(error);
  return request;
}

bool IsLeaseLost(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::FAILED_PRECONDITION &&
         status.error_details().find("LEASE_LOST") != std::string::npos;
}

RawSession::RawSession(RawCaller& caller, const std::string& name, int window)
    : stream_(caller.executors().LeaseJobs(&context_)) {
  v1::LeaseJobsRequest request;
  auto& open = *request.mutable_open();
  open.set_executor_name(name);
  open.add_tasks("work");
  open.mutable_window()->set_jobs(window);
  v1::LeaseJobsResponse response;
  if (!stream_->Write(request) || !stream_->Read(&response)) {
    throw std::runtime_error("no session: " + stream_->Finish().error_message());
  }
  if (!response.has_opened()) {
    throw std::runtime_error("the first frame is of kind " + std::to_string(response.frame_case()));
  }
}

RawSession::~RawSession() { Cut(); }

std::vector<v1::LeasedJob> RawSession::Take(size_t count) {
  std::vector<v1::LeasedJob> jobs;
  v1::LeaseJobsResponse response;
  while (jobs.size() < count) {
    if (!stream_->Read(&response)) throw std::runtime_error("the stream has ended");
    if (!response.has_jobs()) continue;
    for (v1::LeasedJob& job : *response.mutable_jobs()->mutable_jobs()) {
      jobs.push_back(std::move(job));
    }
    v1::LeaseJobsRequest receipt;
    receipt.mutable_heartbeat();
    receipt.set_received_sequence(response.jobs().sequence());
    stream_->Write(receipt);
  }
  return jobs;
}

void RawSession::Start(const std::vector<v1::LeasedJob>& jobs) {
  v1::LeaseJobsRequest request;
  for (const v1::LeasedJob& job : jobs) {
    request.mutable_started()->add_lease_tokens(job.lease_token());
  }
  stream_->Write(request);
}

void RawSession::Cut() {
  if (std::exchange(cut_, true)) return;
  context_.TryCancel();
  v1::LeaseJobsResponse response;
  while (stream_->Read(&response)) {
  }
  stream_->Finish();
}

}  // namespace leasehold::testing
