// The load of executors that have nothing to do.

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "bench/load.h"
#include "client/cpp/channel.h"
#include "client/cpp/client.h"
#include "client/cpp/lease_stream.h"
#include "grpcpp/completion_queue.h"

namespace leasehold::bench {
namespace {

// The sessions of many executors in one process: the streams of the library without its handlers
// and threads. Each opens, then sends a heartbeat as often as the server asks.
class Sessions {
 public:
  Sessions(int count, int connections) : writing_(count, true) {
    std::vector<std::shared_ptr<grpc::Channel>> channels;
    for (int i = 0; i < connections; ++i) {
      channels.push_back(client::MakeChannel(client::DefaultServerAddress()));
    }
    heartbeat_.mutable_heartbeat();
    v1::LeaseJobsRequest frame;
    v1::LeaseJobsRequest::Open& open = *frame.mutable_open();
    open.add_tasks(kTask);
    open.mutable_window()->set_jobs(8);
    open.set_sdk_name("bench");
    for (int i = 0; i < count; ++i) {
      open.set_executor_name("idle-" + std::to_string(i));
      streams_.push_back(
          std::make_unique<client::LeaseStream>(i + 1, channels[i % connections], queue_, frame));
    }
  }

  // Ends when all are open.
  absl::Status Open(Clock::time_point deadline) {
    while (opened_ < streams_.size()) {
      if (Clock::now() > deadline) return absl::DeadlineExceededError("not all sessions opened");
      if (absl::Status status = HandleNext(deadline); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Keeps them alive: each answers the server's heartbeat with its own, as the library does.
  absl::Status Hold(Clock::time_point end) {
    while (Clock::now() < end) {
      if (absl::Status status = HandleNext(end); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void Close() {
    for (auto& stream : streams_) stream->Cancel();
    size_t open = streams_.size();
    for (auto& stream : streams_) open -= stream->done() ? 1 : 0;
    void* tag = nullptr;
    for (bool ok = false; open > 0 && queue_.Next(&tag, &ok);) {
      const auto& event = *static_cast<client::LeaseStream::Tag*>(tag);
      event.stream->OnEvent(event.op, ok);
      if (event.stream->done()) --open;
    }
    queue_.Shutdown();
    for (bool ok = false; queue_.Next(&tag, &ok);) continue;
  }

 private:
  // One event, or none before `end`.
  absl::Status HandleNext(Clock::time_point end) {
    void* tag = nullptr;
    bool ok = false;
    const auto wall_end =
        std::chrono::system_clock::now() +
        std::chrono::duration_cast<std::chrono::system_clock::duration>(end - Clock::now());
    if (queue_.AsyncNext(&tag, &ok, wall_end) != grpc::CompletionQueue::GOT_EVENT) {
      return absl::OkStatus();
    }
    const auto& event = *static_cast<client::LeaseStream::Tag*>(tag);
    const client::LeaseStream::News news = event.stream->OnEvent(event.op, ok);
    if (event.op == client::LeaseStream::Op::kWrite) writing_[event.stream->id() - 1] = false;
    if (news.end) return absl::UnavailableError("a session's stream ended");
    if (news.frame && news.frame->has_opened()) ++opened_;
    if (news.frame && news.frame->has_heartbeat() && !writing_[event.stream->id() - 1]) {
      writing_[event.stream->id() - 1] = true;
      event.stream->Write(heartbeat_);
    }
    return absl::OkStatus();
  }

  v1::LeaseJobsRequest heartbeat_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<client::LeaseStream>> streams_;
  // Of each stream: a frame is under way, and only one may be.
  std::vector<bool> writing_;
  size_t opened_ = 0;
};

}  // namespace

Figures IdleSessions(int count, int connections, int seconds) {
  Sessions sessions(count, connections);
  const auto began = Clock::now();
  absl::Status status = sessions.Open(began + std::chrono::seconds(60));
  const double opened_in = Seconds(Clock::now() - began);
  if (status.ok()) {
    std::cout << R"({"ready":true})" << std::endl;
    status = sessions.Hold(Clock::now() + std::chrono::seconds(seconds));
  }
  sessions.Close();
  if (!status.ok()) return status;
  return nlohmann::json{{"sessions", count}, {"seconds", seconds}, {"open_seconds", opened_in}};
}

}  // namespace leasehold::bench
