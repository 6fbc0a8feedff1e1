#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace leasehold::client {

// A number in [0, 1), each time another.
using Random = std::function<double()>;

// Decides where the next stream goes and how long to wait before it: full jitter below a bound that
// doubles with each failure, and another address after each failure if more than one is known.
class Reconnect {
 public:
  // `addresses` is not empty.
  Reconnect(std::vector<std::string> addresses, Random random);

  const std::string& address() const { return addresses_[next_]; }
  // Since the last success.
  int failures() const { return failures_; }

  // The replicas that a server named, beside those given; they take the place of those learnt
  // before.
  void Learn(const std::vector<std::string>& addresses);
  // The next stream goes to one of these or, if there are none, to another of those known.
  void Prefer(const std::vector<std::string>& addresses);
  void TryAnother();

  // From now on a wait is drawn from at most `bound`, so that the session is resumed in time.
  void Limit(absl::Duration bound);
  // How long to wait before the next one; never less than the server asked for.
  absl::Duration Failed(std::optional<absl::Duration> asked);
  void Succeeded() { failures_ = 0; }

 private:
  // The given ones first.
  std::vector<std::string> addresses_;
  size_t given_;
  size_t next_ = 0;
  int failures_ = 0;
  absl::Duration last_bound_ = absl::Seconds(5);
  Random random_;
};

}  // namespace leasehold::client
