#pragma once

#include <functional>

namespace leasehold::client {

// While it lives, the first SIGTERM or SIGINT calls `on_signal` on a thread of its own; a second
// one ends the process at once, with status 128 + the signal. Then the handlers that were there
// before are put back.
//
// Several may live at once: each is called.
class SignalWatch {
 public:
  explicit SignalWatch(std::function<void()> on_signal);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  const std::function<void()> on_signal_;
};

}  // namespace leasehold::client
