#pragma once

#include <atomic>
#include <stop_token>
#include <string>

#include "server/base/mutex.h"

namespace leasehold::client {

// Tells one attempt that it should end, and why. Safe from any thread.
class JobCancellation {
 public:
  // The first one counts. Runs the callbacks of the stop token.
  void Cancel(const std::string& reason) {
    std::stop_source source(std::nostopstate);
    {
      MutexLock lock(mutex_);
      if (!reason_.empty()) return;
      reason_ = reason.empty() ? "cancelled" : reason;
      cancelled_ = true;
      source = source_;
    }
    source.request_stop();
  }

  bool cancelled() const { return cancelled_; }
  // Made when first asked for: few handlers are.
  std::stop_token token() {
    MutexLock lock(mutex_);
    if (!source_.stop_possible()) {
      source_ = std::stop_source();
      if (cancelled_) source_.request_stop();
    }
    return source_.get_token();
  }
  std::string reason() const {
    MutexLock lock(mutex_);
    return reason_;
  }

  // Somebody has cancelled it, or may hold its token.
  bool used() const {
    MutexLock lock(mutex_);
    return cancelled_ || source_.stop_possible();
  }

 private:
  std::atomic<bool> cancelled_ = false;
  mutable Mutex mutex_;
  std::stop_source source_ GUARDED_BY(mutex_){std::nostopstate};
  std::string reason_ GUARDED_BY(mutex_);
};

}  // namespace leasehold::client
