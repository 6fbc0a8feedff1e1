#include "server/job_sampler.h"

#include <algorithm>
#include <chrono>

#include "absl/time/clock.h"

namespace leasehold {
namespace {

constexpr std::chrono::seconds kInterval(15);

void Show(Metrics& metrics, const store::JobCounts& counts, absl::Time now) {
  metrics.SetJobs("ready", counts.ready);
  metrics.SetJobs("scheduled", counts.scheduled);
  metrics.SetJobs("leased", counts.leased);
  metrics.SetJobs("failed", counts.failed);
  const absl::Duration age = counts.oldest_ready_run_at.has_value()
                                 ? now - *counts.oldest_ready_run_at
                                 : absl::ZeroDuration();
  metrics.SetOldestReadyJobAgeSeconds(std::max(0.0, absl::ToDoubleSeconds(age)));
}

}  // namespace

void JobSampler::Sample() {
  const int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
  int64_t last = last_ns_;
  if (last != 0 && now - last < std::chrono::nanoseconds(kInterval).count()) return;
  if (!last_ns_.compare_exchange_strong(last, now)) return;
  gate_.CountJobs([this](const absl::StatusOr<store::JobCounts>& counts) {
    if (counts.ok()) Show(metrics_, *counts, absl::Now() + gate_.ClockMovedBy());
  });
}

}  // namespace leasehold
