#pragma once

#include "server/queue/core.h"
#include "server/queue/recorder.h"

namespace leasehold::queue {

// Keeps the rows of `leases` true and few.
class LeaseRows {
 public:
  LeaseRows(Core& core, Recorder& recorder) : core_(core), recorder_(recorder) {}

  // After a lost connection rows that were committed asynchronously may be missing: all are written
  // again before anything is leased.
  void WriteMissing();

  // Tries again to write what is missing. Rows older than 10 s of which fewer than an eighth of the
  // leases live become one.
  void Tend();

 private:
  void MergeSparse();

  Core& core_;
  Recorder& recorder_;
  bool writing_ = false;
  bool merging_ = false;
};

}  // namespace leasehold::queue
