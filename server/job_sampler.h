#pragma once

#include <atomic>
#include <memory>

#include "server/loop/queue_gate.h"
#include "server/metrics/metrics.h"

namespace leasehold {

// Counts the jobs in the database for the metrics, when somebody looks and at most every 15 s:
// counting reads every row.
//
// Thread-safe; never blocks: who looks sees the count before.
class JobSampler {
 public:
  JobSampler(Metrics& metrics, loop::QueueGate& gate) : metrics_(metrics), gate_(gate) {}

  void Sample();

 private:
  Metrics& metrics_;
  loop::QueueGate& gate_;
  std::atomic<int64_t> last_ns_{0};
};

}  // namespace leasehold
