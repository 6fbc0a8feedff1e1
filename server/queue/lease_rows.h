#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "server/queue/core.h"
#include "server/queue/recorder.h"

namespace leasehold::queue {

// Keeps the rows of `leases` true and few.
class LeaseRows {
 public:
  LeaseRows(Core& core, Recorder& recorder) : core_(core), recorder_(recorder) {}

  // After a lost connection rows that were committed asynchronously may be missing: all are written
  // again before anything is leased, and before what may delete them. Does nothing if none is
  // wanted.
  void WriteMissing();
  absl::Time next_wake() const {
    return core_.real_now < pause_until_ ? pause_until_ : absl::InfiniteFuture();
  }

  // Rows older than 10 s of which fewer than an eighth of the leases live become one.
  void MergeSparse();

 private:
  void ReadLeasedJobs(uint64_t wanted);
  void Failed();

  Core& core_;
  Recorder& recorder_;
  bool writing_ = false;
  absl::Time pause_until_ = absl::InfinitePast();  // after a failure
  bool merging_ = false;
};

}  // namespace leasehold::queue
