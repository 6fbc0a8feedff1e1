#include "server/store/operation_queue.h"

#include <utility>

#include "server/base/errors.h"

namespace leasehold::store {
namespace {

std::unique_ptr<Operation> PopFront(std::deque<std::unique_ptr<Operation>>& operations) {
  std::unique_ptr<Operation> first = std::move(operations.front());
  operations.pop_front();
  return first;
}

}  // namespace

void OperationQueue::Push(std::unique_ptr<Operation> operation) {
  if (operation->kind() != Operation::Kind::kSlowRead) {
    waiting_.push_back(std::move(operation));
  } else if (slow_.size() < kMaxSlowReads) {
    slow_.push_back(std::move(operation));
  } else {
    Refuse(std::move(operation), ServerFull());
  }
}

void OperationQueue::Refuse(std::unique_ptr<Operation> operation, absl::Status status) {
  refused_.push_back({std::move(operation), std::move(status)});
}

void OperationQueue::RefuseAll(const absl::Status& status) {
  while (!waiting_.empty()) Refuse(PopFront(waiting_), status);
  while (!slow_.empty()) Refuse(PopFront(slow_), status);
}

std::unique_ptr<Operation> OperationQueue::Take() {
  if (slow_runnable() && (slow_first_ || waiting_.empty())) {
    slow_first_ = false;
    slow_running_ = true;
    return PopFront(slow_);
  }
  slow_first_ = true;
  return waiting_.empty() ? nullptr : PopFront(waiting_);
}

void OperationQueue::Ran(Operation::Kind kind) {
  if (kind == Operation::Kind::kSlowRead) slow_running_ = false;
}

std::optional<OperationQueue::Refused> OperationQueue::TakeRefused() {
  if (refused_.empty()) return std::nullopt;
  Refused first = std::move(refused_.front());
  refused_.pop_front();
  return first;
}

}  // namespace leasehold::store
