#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "grpcpp/server.h"
#include "leasehold/v1/executor_service.grpc.pb.h"
#include "leasehold/v1/job_service.grpc.pb.h"
#include "server/base/mutex.h"

namespace leasehold::client {

// The server's side of one LeaseJobs stream, for a script.
class ScriptedStream {
 public:
  using Stream = grpc::ServerReaderWriter<v1::LeaseJobsResponse, v1::LeaseJobsRequest>;
  using Kind = v1::LeaseJobsRequest::FrameCase;

  explicit ScriptedStream(Stream& stream) : stream_(stream) {}

  // The next frame of this kind; others are skipped. Empty if the executor closed the stream
  // before.
  std::optional<v1::LeaseJobsRequest> Await(Kind kind);
  // Reads `open` and answers it. The heartbeat interval is 5 s unless given.
  v1::LeaseJobsRequest::Open Open(bool resumed = false,
                                  std::vector<std::string> resumed_tokens = {},
                                  int heartbeat_milliseconds = 5000);
  void SendJob(const std::string& id, const std::string& payload = "{}");
  void SendRecorded(int64_t sequence);
  void SendIdle();
  void SendHeartbeat();
  void SendCancel(const std::string& token, const std::string& reason);
  // Awaits one outcome, records it and returns it.
  v1::Outcome AwaitOutcome();
  // Reads until the executor has closed its side.
  void AwaitClose();

 private:
  void Write(const v1::LeaseJobsResponse& frame) { stream_.Write(frame); }

  Stream& stream_;
  int64_t jobs_sequence_ = 0;
};

// A gRPC server on a free port whose streams and calls follow scripts: each takes the next one.
class ScriptedServer : public v1::ExecutorService::Service, public v1::JobService::Service {
 public:
  using StreamScript = std::function<grpc::Status(ScriptedStream&)>;
  using AddJobScript = std::function<grpc::Status(const v1::AddJobRequest&, v1::AddJobResponse&)>;

  ScriptedServer();
  ~ScriptedServer() override;

  const std::string& address() const { return address_; }
  void OnStream(StreamScript script);
  void OnAddJob(AddJobScript script);

 private:
  grpc::Status LeaseJobs(grpc::ServerContext* context, ScriptedStream::Stream* stream) override;
  grpc::Status AddJob(grpc::ServerContext* context, const v1::AddJobRequest* request,
                      v1::AddJobResponse* response) override;

  std::string address_;
  std::unique_ptr<grpc::Server> server_;
  Mutex mutex_;
  std::deque<StreamScript> streams_ GUARDED_BY(mutex_);
  std::deque<AddJobScript> add_jobs_ GUARDED_BY(mutex_);
};

}  // namespace leasehold::client
