#include "client/cpp/prefetch.h"

#include <algorithm>
#include <cstdint>

namespace leasehold::client {
namespace {

constexpr int kMost = 8000;
constexpr absl::Duration kGrowthInterval = absl::Milliseconds(10);

int InOneSecond(int ended, absl::Duration time) {
  const double rate = ended / std::max(absl::ToDoubleSeconds(time), 1e-3);
  return static_cast<int>(std::min<double>(rate, kMost));
}

}  // namespace

Prefetch::Prefetch(int concurrency, int fixed)
    : fixed_(fixed >= 0),
      least_(static_cast<int>(std::min<int64_t>(2 * int64_t{concurrency}, kMost))),
      jobs_(fixed_ ? fixed : least_) {}

void Prefetch::Came(bool filled) {
  filled_ = filled;
  starved_ = false;
}

void Prefetch::Ended(int jobs) {
  ended_since_growth_ += jobs;
  ended_in_second_ += jobs;
}

bool Prefetch::Adapt(absl::Time now) {
  if (fixed_) return false;
  const int before = jobs_;
  if (starved_ && now >= grow_at_) {
    const absl::Duration time = now - grow_at_ + kGrowthInterval;
    jobs_ = std::max(jobs_, std::min(2 * jobs_, InOneSecond(ended_since_growth_, time)));
    grow_at_ = now + kGrowthInterval;
    ended_since_growth_ = 0;
    starved_ = false;
  }
  if (now - second_began_ >= absl::Seconds(1)) {
    const int rate = InOneSecond(ended_in_second_, now - second_began_);
    // Half, so that it does not follow every breath.
    if (rate < jobs_ / 2) jobs_ = std::max(least_, rate);
    second_began_ = now;
    ended_in_second_ = 0;
  }
  return jobs_ != before;
}

}  // namespace leasehold::client
