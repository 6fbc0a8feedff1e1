#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "absl/time/time.h"
#include "server/store/connection.h"

namespace leasehold::store {

// Listens on a channel and says so: at every notification, once after each connect (some may have
// been missed) and, connected or not, every poll interval. One thread with a connection of its own,
// which it replaces when it is lost.
class Listener {
 public:
  // `notified` is called from the listener's thread.
  Listener(ConnectionOptions options, std::string channel, absl::Duration poll_interval,
           std::function<void()> notified);
  ~Listener();  // stops

  // Once.
  void Start();
  // Returns when `notified` will not be called again. Further calls do nothing.
  void Stop();

 private:
  void Listen();

  const ConnectionOptions options_;
  const std::string channel_;
  const absl::Duration poll_interval_;
  const std::function<void()> notified_;
  int stop_event_ = -1;  // becomes readable at Stop
  std::thread thread_;
};

// Where SQL says that rows stand in the inbox.
std::string InboxChannel(std::string_view schema);
// Where servers say that the leadership changes or is asked for.
std::string LeadershipChannel(std::string_view schema);

}  // namespace leasehold::store
