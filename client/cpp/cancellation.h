#pragma once

#include <stop_token>
#include <string>

#include "server/base/mutex.h"

namespace leasehold::client {

// Tells one attempt that it should end, and why. Safe from any thread.
class JobCancellation {
 public:
  // The first one counts. Runs the callbacks of the stop token.
  void Cancel(const std::string& reason) {
    {
      MutexLock lock(mutex_);
      if (!reason_.empty()) return;
      reason_ = reason.empty() ? "cancelled" : reason;
    }
    source_.request_stop();
  }

  bool cancelled() const { return source_.stop_requested(); }
  std::stop_token token() const { return source_.get_token(); }
  std::string reason() const {
    MutexLock lock(mutex_);
    return reason_;
  }

 private:
  std::stop_source source_;
  mutable Mutex mutex_;
  std::string reason_ GUARDED_BY(mutex_);
};

}  // namespace leasehold::client
