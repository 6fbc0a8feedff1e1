#pragma once

#include <cstdint>
#include <vector>

#include "server/job/job.h"
#include "server/job/lease_token.h"

namespace leasehold {

// Numbers a session for as long as the database lives. Never used twice.
using SessionNumber = int64_t;

// One claim of one session on one activation of a job.
struct Lease {
  LeaseToken token;
  SessionNumber session = 0;
};

// A batch of leases: one row of `leases`.
struct LeaseRow {
  // Chosen by the leader, epoch << 32 | counter.
  int64_t number = 0;
  std::vector<Lease> leases;
};

}  // namespace leasehold
