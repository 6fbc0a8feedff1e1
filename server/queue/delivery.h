#pragma once

#include <vector>

#include "server/queue/core.h"

namespace leasehold::queue {

// Sends leased jobs to their session in `jobs` frames of bounded size, and keeps track of the
// receipts.
class Delivery {
 public:
  explicit Delivery(Core& core) : core_(core) {}

  // The leases are in the book. Without a stream nothing is sent: the executor does not name them
  // when it resumes, and they are taken back.
  void Send(Session& session, std::vector<LeasedJob> jobs);

  // The executor has read all `jobs` frames up to `sequence`. False: it was never sent.
  bool Received(Session& session, int64_t sequence);

  // The stream is over: what was not received counts as never sent.
  void Forget(Session& session);

 private:
  void SendFrame(Session& session, std::vector<LeasedJob> jobs, int64_t bytes);

  Core& core_;
};

}  // namespace leasehold::queue
