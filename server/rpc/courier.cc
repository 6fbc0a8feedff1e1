#include "server/rpc/courier.h"

#include <utility>

namespace leasehold::rpc {

Courier::Courier(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
}

Courier::~Courier() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Courier::Run(std::function<void()> task) {
  bool wake;
  {
    MutexLock lock(mu_);
    tasks_.push_back(std::move(task));
    wake = idle_ > 0;
  }
  if (wake) wake_.notify_one();
}

void Courier::Loop() {
  MutexLock lock(mu_);
  while (true) {
    while (tasks_.empty() && !stopping_) {
      ++idle_;
      wake_.wait(mu_);
      --idle_;
    }
    if (tasks_.empty()) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    mu_.Unlock();
    task();
    task = nullptr;
    mu_.Lock();
  }
}

}  // namespace leasehold::rpc
