#pragma once

#include "server/loop/queue_loop.h"
#include "server/metrics/metrics.h"

namespace leasehold {

// Turns what the queue counts into metrics, and what it says of crons into log lines.
class QueueMeter final : public loop::LoopObserver {
 public:
  explicit QueueMeter(Metrics& metrics) : metrics_(metrics) {}

  void Observe(const queue::Tallies& tallies, const loop::QueueStats& stats,
               const loop::LoopTimes& times) override;
  void StoreAnswered(const char* operation, size_t jobs, double seconds) override;
  void Notice(const queue::CronNotice& notice) override;

 private:
  Metrics& metrics_;
  loop::QueueStats last_;
};

}  // namespace leasehold
