#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "leasehold/v1/job_service.pb.h"

namespace leasehold::conformance {

// With google.rpc.ErrorInfo and, if it is more than zero, RetryInfo.
grpc::Status ErrorOf(grpc::StatusCode code, const std::string& reason, int retry_milliseconds = 0);

// A call of AddJob or AddJobs that waits for its answer; the first one counts.
class ProducerCall {
 public:
  struct Request {
    std::string request_id;
    std::vector<v1::NewJob> jobs;
    // The whole of it, to compare repetitions.
    std::string bytes;
    bool has_deadline = false;
    absl::Time at = {};
  };
  // Writes the ids into the response.
  using Fill = std::function<void(const std::vector<std::string>& ids)>;

  ProducerCall(grpc::CallbackServerContext& context, Request request, Fill fill);

  const Request& request() const { return request_; }
  // What gRPC waits for.
  grpc::ServerUnaryReactor* reactor() const { return reactor_; }

  void Answer(const std::vector<std::string>& ids);
  void Fail(grpc::StatusCode code, const std::string& reason, int retry_milliseconds = 0);

 private:
  grpc::CallbackServerContext& context_;
  grpc::ServerUnaryReactor* const reactor_;
  const Request request_;
  const Fill fill_;
  std::atomic<bool> answered_ = false;
};

}  // namespace leasehold::conformance
