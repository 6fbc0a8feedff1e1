#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/loop/clock.h"
#include "tests/simulation/chance.h"
#include "tests/simulation/timeline.h"

namespace leasehold::simulation {

// A process on a machine of its own: runs, stands still or is dead. What comes to one that stands
// still waits for it; what comes to a dead one is gone.
class Process : public std::enable_shared_from_this<Process> {
 public:
  // `drift`: how much faster than the true time the machine's clock goes.
  Process(Timeline& timeline, std::string name, double drift)
      : timeline_(timeline), name_(std::move(name)), drift_(drift) {}
  virtual ~Process() = default;

  void Do(Timeline::Work work);
  // By this machine's clock.
  void After(absl::Duration time, Timeline::Work work);

  void Pause() { paused_ = true; }
  void Resume();
  void Kill();

  bool alive() const { return alive_; }
  bool paused() const { return paused_; }
  const std::string& name() const { return name_; }

  // The machine's monotonic clock.
  loop::MonotonicTime Monotonic() const;

 protected:
  Timeline& timeline() { return timeline_; }

 private:
  Timeline& timeline_;
  const std::string name_;
  const double drift_;
  bool alive_ = true;
  bool paused_ = false;
  std::deque<Timeline::Work> waiting_;
};

}  // namespace leasehold::simulation
