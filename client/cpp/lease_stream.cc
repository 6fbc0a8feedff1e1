#include "client/cpp/lease_stream.h"

#include <google/protobuf/arena.h>

#include <utility>

#include "client/cpp/grpc_status.h"
#include "server/base/errors.h"

namespace leasehold::client {
namespace {

// In one piece of memory: a frame under load is ten thousand small objects.
FrameFromServer NewFrame() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = 1 << 10;
  options.max_block_size = 64 << 10;
  const auto arena = std::make_shared<google::protobuf::Arena>(options);
  return {arena, google::protobuf::Arena::CreateMessage<v1::LeaseJobsResponse>(arena.get())};
}

}  // namespace

LeaseStream::LeaseStream(StreamId id, const std::shared_ptr<grpc::Channel>& channel,
                         grpc::CompletionQueue& queue, const v1::LeaseJobsRequest& open)
    : id_(id) {
  // The headers travel with the first frame, and make no event of their own.
  context_.set_initial_metadata_corked(true);
  call_ = v1::ExecutorService::NewStub(channel)->PrepareAsyncLeaseJobs(&context_, &queue);
  call_->StartCall(nullptr);
  Write(open);
  Read();
}

void LeaseStream::Write(const v1::LeaseJobsRequest& frame) {
  call_->Write(frame, TagOf(Op::kWrite));
}

void LeaseStream::Read() {
  incoming_ = NewFrame();
  call_->Read(incoming_.get(), TagOf(Op::kRead));
}

void LeaseStream::CloseWrites() { call_->WritesDone(TagOf(Op::kCloseWrites)); }

LeaseStream::News LeaseStream::OnEvent(Op op, bool ok) {
  --pending_;
  switch (op) {
    case Op::kWrite:
      // After a failed one the end is on its way.
      return {.written = ok};
    case Op::kCloseWrites:
      return {};
    case Op::kRead: {
      if (!ok) {
        call_->Finish(&status_, TagOf(Op::kFinish));
        return {};
      }
      News news{.frame = std::move(incoming_)};
      Read();
      return news;
    }
    case Op::kFinish: {
      ended_ = true;
      absl::Status status = FromGrpc(status_);
      const auto retry_after = RetryDelayOf(status);
      return {.end = StreamEnd{.status = std::move(status), .retry_after = retry_after}};
    }
  }
  return {};
}

void* LeaseStream::TagOf(Op op) {
  ++pending_;
  return &tags_[static_cast<int>(op)];
}

}  // namespace leasehold::client
