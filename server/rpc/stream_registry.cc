#include "server/rpc/stream_registry.h"

#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/base/errors.h"

namespace leasehold::rpc {

absl::Status StreamRegistry::Add(const std::shared_ptr<EndableStream>& stream) {
  MutexLock lock(mu_);
  if (closed_) return Draining();
  if (streams_.size() >= max_streams_) {
    return RetryableError(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                          absl::StrFormat("this server serves %d streams already, as many as "
                                          "--max-streams allows",
                                          max_streams_),
                          absl::Seconds(1));
  }
  streams_.emplace(stream.get(), stream);
  return absl::OkStatus();
}

void StreamRegistry::Remove(const EndableStream* stream) {
  std::shared_ptr<EndableStream> removed;  // dies after the lock
  MutexLock lock(mu_);
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  removed = std::move(found->second);
  streams_.erase(found);
}

void StreamRegistry::EndAll(const absl::Status& status) {
  std::vector<std::shared_ptr<EndableStream>> streams;
  {
    MutexLock lock(mu_);
    closed_ = true;
    for (const auto& [key, stream] : streams_) streams.push_back(stream);
  }
  for (const auto& stream : streams) stream->EndByServer(status);
}

size_t StreamRegistry::size() const {
  MutexLock lock(mu_);
  return streams_.size();
}

}  // namespace leasehold::rpc
