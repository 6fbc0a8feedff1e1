#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "leasehold/v1/executor_service.grpc.pb.h"
#include "leasehold/v1/job_service.grpc.pb.h"
#include "server/base/mutex.h"
#include "tests/conformance/conduct.h"
#include "tests/conformance/producer_call.h"
#include "tests/conformance/stream.h"

namespace leasehold::conformance {

// A server of leasehold.v1 on a free loopback port that does nothing by itself but beat and record:
// the case answers its streams and calls.
class Server : public v1::ExecutorService::CallbackService, public v1::JobService::CallbackService {
 public:
  // `name` is what the trace calls it. `conduct` outlives it.
  Server(std::string name, Conduct& conduct);
  ~Server() override;

  const std::string& address() const { return address_; }

  // As if the process were killed; again at the same address.
  void Stop();
  void Start();

  // The next stream whose `open` has come; null if none does within `patience`.
  std::shared_ptr<Stream> NextStream(absl::Duration patience);
  // The next call of JobService, and the same.
  std::shared_ptr<ProducerCall> NextCall(absl::Duration patience);

 private:
  grpc::ServerBidiReactor<v1::LeaseJobsRequest, v1::LeaseJobsResponse>* LeaseJobs(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* AddJob(grpc::CallbackServerContext* context,
                                   const v1::AddJobRequest* request,
                                   v1::AddJobResponse* response) override;
  grpc::ServerUnaryReactor* AddJobs(grpc::CallbackServerContext* context,
                                    const v1::AddJobsRequest* request,
                                    v1::AddJobsResponse* response) override;
  grpc::ServerUnaryReactor* Keep(grpc::CallbackServerContext& context,
                                 ProducerCall::Request request, ProducerCall::Fill fill);
  void BeatStreams();

  const std::string name_;
  Conduct& conduct_;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<grpc::Server> server_;
  std::thread beats_;

  Mutex mutex_;
  CondVar changed_;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<Stream>> streams_ GUARDED_BY(mutex_);
  // Numbers of those that NextStream() has given.
  std::set<int> taken_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<ProducerCall>> calls_ GUARDED_BY(mutex_);
  size_t calls_taken_ GUARDED_BY(mutex_) = 0;
};

}  // namespace leasehold::conformance
