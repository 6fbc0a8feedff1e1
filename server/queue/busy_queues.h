#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"

namespace leasehold::queue {

// Serial queues of which a job is leased, or is being leased.
class BusyQueues {
 public:
  void Hold(const std::string& queue) { ++holders_[queue]; }

  // Returns whether the queue is free now.
  bool Release(const std::string& queue) {
    const auto found = holders_.find(queue);
    if (found == holders_.end()) return true;
    if (--found->second > 0) return false;
    holders_.erase(found);
    return true;
  }

  bool Busy(const std::string& queue) const { return holders_.contains(queue); }

 private:
  absl::flat_hash_map<std::string, int> holders_;
};

}  // namespace leasehold::queue
