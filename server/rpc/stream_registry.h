#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "absl/status/status.h"
#include "server/base/mutex.h"

namespace leasehold::rpc {

// A stream that the server can end: the session may go on elsewhere.
class EndableStream {
 public:
  virtual ~EndableStream() = default;
  virtual void EndByServer(const absl::Status& status) = 0;
};

// The streams that are open: how many there may be, and how all of them are ended. Thread-safe.
class StreamRegistry {
 public:
  explicit StreamRegistry(size_t max_streams) : max_streams_(max_streams) {}

  // RESOURCE_EXHAUSTED if there are as many as there may be, UNAVAILABLE after EndAll().
  absl::Status Add(const std::shared_ptr<EndableStream>& stream);
  void Remove(const EndableStream* stream);

  // Ends each stream that is open, and lets none begin.
  void EndAll(const absl::Status& status);

  size_t size() const;

 private:
  const size_t max_streams_;
  mutable Mutex mu_;
  std::unordered_map<const EndableStream*, std::shared_ptr<EndableStream>> streams_ GUARDED_BY(mu_);
  bool closed_ GUARDED_BY(mu_) = false;
};

}  // namespace leasehold::rpc
