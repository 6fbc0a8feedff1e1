#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "server/store/operation.h"

namespace leasehold::store {

// The operations that wait for a connection, first come first served. Not thread-safe.
class OperationQueue {
 public:
  struct Refused {
    std::unique_ptr<Operation> operation;
    absl::Status status;
  };

  // Slow reads come straight from producers and operators, whom nobody bounds: one that finds
  // `kMaxSlowReads` waiting is refused, kResourceExhausted.
  static constexpr size_t kMaxSlowReads = 256;

  void Push(std::unique_ptr<Operation> operation);

  // The operation is to be answered with `status`, by whoever takes it.
  void Refuse(std::unique_ptr<Operation> operation, absl::Status status);
  void RefuseAll(const absl::Status& status);

  // The next to run, or none. Slow reads run one at a time.
  std::unique_ptr<Operation> Take();
  // Each operation taken must be given back by its kind when it has run.
  void Ran(Operation::Kind kind);

  std::optional<Refused> TakeRefused();

  bool has_runnable() const { return !waiting_.empty() || slow_runnable(); }
  bool has_refused() const { return !refused_.empty(); }
  size_t size() const { return waiting_.size() + slow_.size(); }

 private:
  bool slow_runnable() const { return !slow_.empty() && !slow_running_; }

  std::deque<std::unique_ptr<Operation>> waiting_;
  std::deque<std::unique_ptr<Operation>> slow_;
  bool slow_running_ = false;
  // Slow reads pass first every other time, so that a stream of writes cannot starve them.
  bool slow_first_ = false;
  std::deque<Refused> refused_;
};

}  // namespace leasehold::store
