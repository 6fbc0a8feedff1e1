#pragma once

#include <chrono>
#include <ostream>
#include <string>

#include "absl/time/time.h"

namespace leasehold::cli {

// Says how far a long work has come: a line a second at most, and none of the first second.
class Progress {
 public:
  explicit Progress(std::ostream& err, absl::Duration pause = absl::Seconds(1));

  void Say(const std::string& text);

 private:
  std::ostream& err_;
  const std::chrono::nanoseconds pause_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace leasehold::cli
