#include "client/cli/progress.h"

namespace leasehold::cli {

Progress::Progress(std::ostream& err, absl::Duration pause)
    : err_(err),
      pause_(absl::ToChronoNanoseconds(pause)),
      last_(std::chrono::steady_clock::now()) {}

void Progress::Say(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < pause_) return;
  last_ = now;
  err_ << text << std::endl;
}

}  // namespace leasehold::cli
