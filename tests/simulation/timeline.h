#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace leasehold::simulation {

// What will happen, and when. Simulated time passes only from one event to the next; events of one
// time happen in the order in which they were planned.
class Timeline {
 public:
  using Work = std::function<void()>;

  absl::Time now() const { return now_; }
  absl::Duration passed() const { return now_ - kStart; }
  uint64_t events() const { return events_; }

  void At(absl::Time time, Work work) {
    plan_.push({std::max(time, now_), ++last_, std::move(work)});
  }
  void After(absl::Duration time, Work work) { At(now_ + time, std::move(work)); }

  // Lets the next event happen; one must be planned.
  void Step() {
    // The heap shows its top as const; it is removed at once.
    Event event = std::move(const_cast<Event&>(plan_.top()));
    plan_.pop();
    now_ = event.time;
    ++events_;
    event.work();
  }
  // Nothing of what is planned will happen.
  void Clear() {
    while (!plan_.empty()) std::exchange(plan_, {});
  }
  absl::Time next() const { return plan_.empty() ? absl::InfiniteFuture() : plan_.top().time; }

  static constexpr absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

 private:
  struct Event {
    absl::Time time;
    uint64_t number = 0;
    Work work;
    bool operator<(const Event& other) const {
      return time != other.time ? time > other.time : number > other.number;
    }
  };

  absl::Time now_ = kStart;
  uint64_t last_ = 0;
  uint64_t events_ = 0;
  std::priority_queue<Event> plan_;
};

}  // namespace leasehold::simulation
