#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "client/cpp/session_types.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/support/async_stream.h"
#include "leasehold/v1/executor_service.grpc.pb.h"

namespace leasehold::client {

// One LeaseJobs call on a completion queue: says what its events mean, and decides nothing. Belongs
// to the queue's thread.
//
// The queue is our own and not gRPC's callback threads: on an otherwise idle process those sleep up
// to 100 ms before they see a frame.
class LeaseStream {
 public:
  enum class Op { kWrite, kCloseWrites, kRead, kFinish };
  // Each event's tag in the queue.
  struct Tag {
    LeaseStream* stream;
    Op op;
  };

  LeaseStream(StreamId id, const std::shared_ptr<grpc::Channel>& channel,
              grpc::CompletionQueue& queue, const v1::LeaseJobsRequest& open);
  LeaseStream(const LeaseStream&) = delete;
  LeaseStream& operator=(const LeaseStream&) = delete;

  StreamId id() const { return id_; }

  void Write(const v1::LeaseJobsRequest& frame);
  void CloseWrites();
  void Cancel() { context_.TryCancel(); }

  // What an event of this stream brought; all empty: nothing to tell.
  struct News {
    bool written = false;
    FrameFromServer frame = {};
    std::optional<StreamEnd> end = {};
  };
  News OnEvent(Op op, bool ok);

  // No event is to come: the object may go.
  bool done() const { return ended_ && pending_ == 0; }

 private:
  void Read();
  void* TagOf(Op op);

  const StreamId id_;
  Tag tags_[4] = {
      {this, Op::kWrite}, {this, Op::kCloseWrites}, {this, Op::kRead}, {this, Op::kFinish}};
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::LeaseJobsRequest, v1::LeaseJobsResponse>> call_;
  FrameFromServer incoming_;
  grpc::Status status_;
  int pending_ = 0;
  bool ended_ = false;
};

}  // namespace leasehold::client
