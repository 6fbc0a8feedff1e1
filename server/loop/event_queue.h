#pragma once

#include <cstddef>
#include <vector>

#include "server/base/mutex.h"
#include "server/loop/clock.h"
#include "server/loop/item.h"

namespace leasehold::loop {

// Events on their way to the queue thread. Thread-safe.
class EventQueue {
 public:
  explicit EventQueue(size_t capacity) : capacity_(capacity) {}

  // False, and the item is untouched: the queue is full.
  bool TryPush(Item& item);
  // For what must not be lost: answers of the store, whose number is bounded by what was asked.
  void Push(Item item);

  // All that has come, in order; waits for something until `until`.
  std::vector<Item> Pop(MonotonicTime until);

 private:
  const size_t capacity_;
  Mutex mu_;
  CondVar filled_;
  std::vector<Item> items_ GUARDED_BY(mu_);
};

}  // namespace leasehold::loop
