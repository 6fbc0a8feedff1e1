#include "tests/rpc/rpc_test.h"

#include <chrono>

#include "google/rpc/status.pb.h"
#include "server/rpc/status_details.h"

namespace leasehold::rpc {

GrpcServerOptions RpcTest::DefaultOptions() {
  GrpcServerOptions options;
  options.server_id = "server-1";
  options.terms.server_version = "9.9";
  options.terms.payload_limit = 1024;
  return options;
}

RpcTest::RpcTest(GrpcServerOptions options)
    : server_(std::make_unique<GrpcServer>(std::move(options), gate_)) {
  const absl::Status started = server_->Start();
  EXPECT_TRUE(started.ok()) << started;
  server_->LeadHere();
  channel_ = NewChannel();
  jobs_ = v1::JobService::NewStub(channel_);
  executors_ = v1::ExecutorService::NewStub(channel_);
  admin_ = v1::AdminService::NewStub(channel_);
}

std::string RpcTest::address() const { return "127.0.0.1:" + std::to_string(server_->port()); }

std::shared_ptr<grpc::Channel> RpcTest::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments);
}

Context::Context() {
  set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  set_wait_for_ready(true);
}

Details DetailsOf(const grpc::Status& status) {
  google::rpc::Status wire;
  EXPECT_TRUE(wire.ParseFromString(status.error_details()));
  Details details{
      .code = wire.code(), .message = wire.message(), .error = {}, .retry = {}, .bad_request = {}};
  for (const auto& detail : wire.details()) {
    if (detail.type_url() == kErrorInfoUrl) details.error.ParseFromString(detail.value());
    if (detail.type_url() == kRetryInfoUrl) details.retry.ParseFromString(detail.value());
    if (detail.type_url() == kBadRequestUrl) details.bad_request.ParseFromString(detail.value());
  }
  return details;
}

v1::AddJobRequest MakeAddJob(const std::string& task) {
  v1::AddJobRequest request;
  request.mutable_job()->set_task(task);
  return request;
}

v1::LeaseJobsRequest MakeOpenFrame(int window) {
  v1::LeaseJobsRequest frame;
  frame.mutable_open()->set_executor_name("executor");
  frame.mutable_open()->add_tasks("mail");
  frame.mutable_open()->mutable_window()->set_jobs(window);
  return frame;
}

LeaseToken MakeToken(JobId job) {
  return {.fencing_number = 1ULL << 32 | static_cast<uint64_t>(job),
          .job_id = job,
          .activation = 1,
          .secret = 42};
}

}  // namespace leasehold::rpc
