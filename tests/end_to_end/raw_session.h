#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "leasehold/v1/admin_service.grpc.pb.h"
#include "leasehold/v1/executor_service.grpc.pb.h"
#include "leasehold/v1/job_service.grpc.pb.h"

namespace leasehold::testing {

// A client's context with a deadline, so that no test hangs.
class RawContext : public grpc::ClientContext {
 public:
  RawContext();
};

// A connection of its own. No call is repeated unless the test repeats it.
class RawCaller {
 public:
  explicit RawCaller(const std::string& address);

  grpc::Status Call(const v1::AddJobRequest& request, v1::AddJobResponse& response);
  grpc::Status Call(const v1::AddJobsRequest& request, v1::AddJobsResponse& response);
  grpc::Status Call(const v1::RemoveJobRequest& request, v1::RemoveJobResponse& response);
  grpc::Status Call(const v1::CompleteRequest& request, v1::CompleteResponse& response);
  grpc::Status Call(const v1::FailRequest& request, v1::FailResponse& response);
  grpc::Status Call(const v1::CompleteJobsRequest& request, v1::CompleteJobsResponse& response);

  grpc::Status Complete(const std::string& lease_token);
  grpc::Status Fail(const std::string& lease_token, const std::string& error = "it broke");

  v1::ExecutorService::Stub& executors() { return *executors_; }

 private:
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<v1::ExecutorService::Stub> executors_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
};

v1::CompleteRequest CompleteRequestOf(const std::string& lease_token);
v1::FailRequest FailRequestOf(const std::string& lease_token, const std::string& error);

bool IsLeaseLost(const grpc::Status& status);

// An executor of the task "work" that takes jobs and says nothing more unless the test does.
class RawSession {
 public:
  // Opens the session; throws if it cannot.
  RawSession(RawCaller& caller, const std::string& name, int window);
  ~RawSession();

  // The next `count` jobs, received and acknowledged.
  std::vector<v1::LeasedJob> Take(size_t count);
  v1::LeasedJob Take() { return Take(1).front(); }
  // Reports these jobs as started.
  void Start(const std::vector<v1::LeasedJob>& jobs);

  // Its connection is seen to end.
  void Cut();

 private:
  RawContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::LeaseJobsRequest, v1::LeaseJobsResponse>> stream_;
  bool cut_ = false;
};

}  // namespace leasehold::testing
