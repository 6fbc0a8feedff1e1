#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/soak/installation.h"
#include "tests/soak/traffic.h"

namespace leasehold::testing {

// Lets time pass for the one thread of the soak, and meanwhile counts what gets done, starts what
// ended by itself, and prints a line every ten seconds.
class Watch {
 public:
  Watch(Installation& installation, const Traffic& traffic);

  // What the lines say is going on.
  void Say(const std::string& scene) { scene_ = scene; }
  void Print(const std::string& scene);

  void Pass(absl::Duration duration);
  // False if it does not come within `patience`.
  template <typename Condition>
  bool PassUntil(Condition condition, absl::Duration patience) {
    const absl::Time end = Now() + patience;
    while (!condition()) {
      if (Now() >= end) return false;
      Step();
    }
    return true;
  }

  // Until calls are acknowledged and runs end at this rate, steadily for two seconds. How long it
  // took to get there.
  std::optional<absl::Duration> AwaitRate(double rate, absl::Duration patience);
  int64_t executed() const { return ended_; }
  const std::vector<std::string>& accidents() const { return accidents_; }

  static absl::Time Now();

 private:
  struct Sample {
    absl::Time time;
    int64_t acknowledged;
    int64_t ended;
  };

  void Step();
  bool Keeps(double rate) const;
  void ReadLedger();
  std::string Recorded() const;

  Installation& installation_;
  const Traffic& traffic_;
  const absl::Time begin_ = Now();
  std::string scene_;
  absl::Time next_line_ = begin_;
  Sample last_line_{begin_, 0, 0};
  std::deque<Sample> samples_;  // of the last two seconds
  int ledger_ = -1;
  std::string unfinished_line_;
  int64_t ended_ = 0;
  std::vector<std::string> accidents_;
};

}  // namespace leasehold::testing
