#pragma once

#include "absl/time/time.h"

namespace leasehold::client {

// How many jobs a session holds ready beside the running ones, if its user does not say.
//
// Short jobs want many: while handlers wait for the next frame, nothing runs. Long ones want few: a
// job held here runs nowhere else meanwhile. So it doubles whenever handlers run dry although the
// server had filled the window, up to what they end within a second; and it falls when they end
// fewer. It has no clock: it is told the time.
class Prefetch {
 public:
  // Not negative: `fixed` for ever.
  Prefetch(int concurrency, int fixed);

  int jobs() const { return jobs_; }

  // Jobs have come; `filled`: as many as the window lets in, or nearly so.
  void Came(bool filled);
  void HandlersRanDry() { starved_ = starved_ || filled_; }
  void Ended(int jobs);

  // True if jobs() is another number now.
  bool Adapt(absl::Time now);

 private:
  const bool fixed_;
  const int least_;
  int jobs_;
  bool filled_ = false;
  // Handlers ran dry after that.
  bool starved_ = false;
  // When it may grow again, and what has ended since it was set.
  absl::Time grow_at_ = absl::InfinitePast();
  int ended_since_growth_ = 0;
  // What has ended in the second under way.
  absl::Time second_began_ = absl::InfinitePast();
  int ended_in_second_ = 0;
};

}  // namespace leasehold::client
