#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/queue/frames.h"

namespace leasehold::rpc {

// A `jobs` frame as the executor gets it: the bytes of its LeaseJobsResponse, written straight from
// the queue's values. Most of what a server sends is this, and protobuf would make ten objects of
// each job first.
class JobsMessage {
 public:
  // Both outlive this object.
  JobsMessage(const queue::JobsFrame& frame, uint64_t epoch);

  size_t size() const { return size_; }
  // Writes size() bytes.
  void WriteTo(uint8_t* bytes) const;

 private:
  using Metadata = std::vector<std::pair<std::string, std::string>>;

  template <typename Sink>
  void WriteJob(size_t index, Sink& to) const;

  const queue::JobsFrame& frame_;
  const uint64_t epoch_;
  std::vector<Metadata> metadata_;  // of each job; empty if no job has any
  std::vector<size_t> job_sizes_;
  size_t jobs_size_ = 0;
  size_t size_ = 0;
};

}  // namespace leasehold::rpc
