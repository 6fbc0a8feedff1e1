#pragma once

#include <thread>

#include "absl/time/time.h"
#include "server/store/connection.h"
#include "server/store/job_store.h"

namespace leasehold::store {

// Says that rows may stand in the inbox: at every notification, once after each connect (some may
// have been missed) and, connected or not, every poll interval. One thread with a connection of its
// own, which it replaces when it is lost.
class Listener {
 public:
  Listener(ConnectionOptions options, absl::Duration poll_interval, JobStoreObserver& observer);
  ~Listener();  // stops

  // Once.
  void Start();
  // Returns when the observer will not be called again. Further calls do nothing.
  void Stop();

 private:
  void Listen();

  const ConnectionOptions options_;
  const absl::Duration poll_interval_;
  JobStoreObserver& observer_;
  int stop_event_ = -1;  // becomes readable at Stop
  std::thread thread_;
};

}  // namespace leasehold::store
