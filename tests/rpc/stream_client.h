#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "leasehold/v1/executor_service.grpc.pb.h"
#include "tests/rpc/rpc_test.h"

namespace leasehold::rpc {

// One executor's end of a stream.
class StreamClient {
 public:
  explicit StreamClient(v1::ExecutorService::Stub& stub) : call_(stub.LeaseJobs(&context_)) {}

  bool Write(const v1::LeaseJobsRequest& frame) { return call_->Write(frame); }
  bool Read(v1::LeaseJobsResponse& frame) { return call_->Read(&frame); }
  void Cancel() { context_.TryCancel(); }
  grpc::Status Finish() { return call_->Finish(); }
  grpc::ClientContext& context() { return context_; }
  auto& call() { return *call_; }

  // Sends open and reads opened.
  bool Open(int window = 10) {
    v1::LeaseJobsResponse frame;
    return Write(MakeOpenFrame(window)) && Read(frame) && frame.has_opened();
  }

  // Reads to the end.
  grpc::Status Drain() {
    v1::LeaseJobsResponse frame;
    while (Read(frame)) {
    }
    return Finish();
  }

 private:
  Context context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::LeaseJobsRequest, v1::LeaseJobsResponse>> call_;
};

}  // namespace leasehold::rpc
