#pragma once

#include <grpcpp/channel.h>

#include <atomic>
#include <memory>
#include <thread>

#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace leasehold::rpc {

// Calls the server's own health check four times a second, for two reasons. gRPC's callback threads
// sleep 100 ms after an idle second, and the next caller would wait for them. And an answer proves
// that those threads are not stuck.
class KeepWarm {
 public:
  explicit KeepWarm(std::shared_ptr<grpc::Channel> channel);
  ~KeepWarm();

  // An answer came within the last five seconds.
  bool Alive() const;

 private:
  void Loop();
  bool Call();

  const std::shared_ptr<grpc::Channel> channel_;
  std::atomic<int64_t> answered_at_;  // nanoseconds, monotonic
  Mutex mu_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace leasehold::rpc
