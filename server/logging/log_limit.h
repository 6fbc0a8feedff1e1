#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "server/base/mutex.h"

namespace leasehold {

// Keeps a fault that repeats from filling the log:
//   if (const auto held_back = limit.Admit()) {
//     Log::Warning("database is away", {{"held_back", *held_back}});
//   }
// Thread-safe.
class LogLimit {
 public:
  explicit LogLimit(std::chrono::milliseconds interval) : interval_(interval) {}

  // nullopt: hold this line back. Else write it: the last one is at least the interval ago, and so
  // many have been held back since.
  std::optional<uint64_t> Admit(
      std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now()) {
    MutexLock lock(mu_);
    if (now < next_) {
      ++held_back_;
      return std::nullopt;
    }
    next_ = now + interval_;
    return std::exchange(held_back_, 0);
  }

 private:
  const std::chrono::milliseconds interval_;
  Mutex mu_;
  std::chrono::steady_clock::time_point next_ GUARDED_BY(mu_){};
  uint64_t held_back_ GUARDED_BY(mu_) = 0;
};

}  // namespace leasehold
