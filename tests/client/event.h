#pragma once

#include "server/base/mutex.h"

namespace leasehold::client {

// Something that happens on one thread and is awaited on others.
class Event {
 public:
  void Set() {
    MutexLock lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  void Await() {
    MutexLock lock(mutex_);
    while (!set_) changed_.wait(mutex_);
  }
  void AwaitAndReset() {
    MutexLock lock(mutex_);
    while (!set_) changed_.wait(mutex_);
    set_ = false;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool set_ GUARDED_BY(mutex_) = false;
};

}  // namespace leasehold::client
