#pragma once

#include <vector>

#include "server/queue/core.h"

namespace leasehold::queue {

// Sends leased jobs to their session in `jobs` frames of bounded size, never more unacknowledged
// bytes than its window, and keeps track of the receipts.
class Delivery {
 public:
  explicit Delivery(Core& core) : core_(core) {}

  // The leases are in the book. Without a stream nothing is sent: the executor does not name them
  // when it resumes, and they are taken back.
  void Send(Session& session, std::vector<LeasedJob> jobs);
  // Sends what waits for room in the window, as far as there is some.
  void SendMore(Session& session);

  // The executor has read all `jobs` frames up to `sequence`. False: it was never sent.
  bool Received(Session& session, int64_t sequence);

  // The stream is over: what was not received counts as never sent.
  void Forget(Session& session);

 private:
  bool Fits(const Session& session, int64_t bytes_of_frame, int64_t bytes_of_job) const;
  std::vector<LeasedJob> NextFrame(Session& session, int64_t& bytes);
  void SendFrame(Session& session, std::vector<LeasedJob> jobs, int64_t bytes);

  Core& core_;
};

}  // namespace leasehold::queue
