#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "server/base/mutex.h"

namespace leasehold::rpc {

// Carries answers and frames from the queue thread to gRPC: building a message and writing it to a
// socket cost more than deciding what it says, and the queue has one thread for everybody.
//
// Thread-safe. Tasks begin in the order they were given; with more than one thread they may
// overlap. What waits is bounded by the calls and streams that are open: each has at most one task
// here.
class Courier {
 public:
  explicit Courier(int threads);
  // Runs what is still waiting.
  ~Courier();

  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  void Run(std::function<void()> task);

 private:
  void Loop();

  Mutex mu_;
  CondVar wake_;
  std::deque<std::function<void()>> tasks_ GUARDED_BY(mu_);
  int idle_ GUARDED_BY(mu_) = 0;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace leasehold::rpc
