#include "server/loop/event_queue.h"

#include <utility>

namespace leasehold::loop {

bool EventQueue::TryPush(Item& item) {
  {
    MutexLock lock(mu_);
    if (items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    if (items_.size() > 1) return true;
  }
  filled_.notify_one();
  return true;
}

void EventQueue::Push(Item item) {
  {
    MutexLock lock(mu_);
    items_.push_back(std::move(item));
    if (items_.size() > 1) return;
  }
  filled_.notify_one();
}

std::vector<Item> EventQueue::Pop(MonotonicTime until) {
  std::vector<Item> items;
  MutexLock lock(mu_);
  while (items_.empty()) {
    if (filled_.wait_until(mu_, until) == std::cv_status::timeout) break;
  }
  items.swap(items_);
  return items;
}

}  // namespace leasehold::loop
