#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "leasehold/v1/admin_service.grpc.pb.h"
#include "leasehold/v1/executor_service.grpc.pb.h"
#include "leasehold/v1/job_service.grpc.pb.h"
#include "server/rpc/grpc_server.h"
#include "tests/rpc/fake_gate.h"

namespace leasehold::rpc {

// A server on a free port over a FakeGate, and a channel to it.
class RpcTest : public testing::Test {
 protected:
  static GrpcServerOptions DefaultOptions();

  explicit RpcTest(GrpcServerOptions options = DefaultOptions());

  // A channel with a connection of its own.
  std::shared_ptr<grpc::Channel> NewChannel() const;
  std::string address() const;

  FakeGate gate_;
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<v1::ExecutorService::Stub> executors_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
};

// A client's context with a deadline, so that no test hangs.
class Context : public grpc::ClientContext {
 public:
  Context();
};

// The google.rpc details of a status, as a client reads them off the wire.
struct Details {
  int code = 0;
  std::string message;
  google::rpc::ErrorInfo error;
  google::rpc::RetryInfo retry;
  google::rpc::BadRequest bad_request;
};
Details DetailsOf(const grpc::Status& status);

v1::AddJobRequest MakeAddJob(const std::string& task = "mail");
v1::LeaseJobsRequest MakeOpenFrame(int window = 10);
LeaseToken MakeToken(JobId job);

}  // namespace leasehold::rpc
