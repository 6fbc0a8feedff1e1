#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "server/store/connection.h"
#include "server/store/journal.h"

namespace leasehold::store {

// One call to the store under way, from Submit to its answer. Touched by one thread at a time.
class Operation {
 public:
  enum class Kind {
    kWrite,     // has a row in the journal
    kRead,      // may be tried again by the caller without harm
    kSlowRead,  // the same, and may take long: must not keep all connections busy
  };

  virtual ~Operation() = default;

  virtual Kind kind() const = 0;

  // How many request ids and tokens a write puts into the journal.
  virtual int64_t journal_size() const { return 0; }

  // Runs it and keeps the answer. The number of `stamp` counts for writes only.
  virtual absl::Status Run(Connection& connection, const WriteStamp& stamp) = 0;

  // For a write that was committed and whose answer was lost: makes the answer again from its
  // journal row.
  virtual absl::Status Rebuild(Connection&, const JournalRow&) { return absl::OkStatus(); }

  // Calls back: with the answer kept if `status` is OK, else with nothing. Once.
  virtual void Answer(const absl::Status& status) = 0;
};

}  // namespace leasehold::store
