#pragma once

#include <string>

#include "absl/time/time.h"
#include "server/job/job.h"
#include "tests/queue/support/execute.h"
#include "tests/queue/support/tables.h"

// What others do to jobs by SQL: each change adds rows to `inbox`, with everything else in one
// transaction. The caller has seen to it that the row is not locked.
//
// These functions leave leased jobs alone. A caller whose snapshot misses the lease does not; it
// moves the activation, which ends the lease.
namespace leasehold::fake {

// Adds a job, or does with the one that has its key what its mode says. `id`: of a new one, if it
// was taken from the sequence before.
JobId AddBySql(Tables& tables, const NewJob& job, absl::Time now,
               Snapshot snapshot = Snapshot::kSeesLeases, JobId id = 0);
void RemoveBySql(Tables& tables, const std::string& key);

// Deletes the job.
void CompleteBySql(Tables& tables, JobId id, Snapshot snapshot = Snapshot::kMissesLeases);
void FailBySql(Tables& tables, JobId id, Snapshot snapshot = Snapshot::kMissesLeases);
void RescheduleBySql(Tables& tables, JobId id, absl::Time run_at,
                     Snapshot snapshot = Snapshot::kMissesLeases);
// Brings a permanently failed job back.
void ReviveBySql(Tables& tables, JobId id, absl::Time run_at,
                 Snapshot snapshot = Snapshot::kMissesLeases);

// Ends the lease of a job, whoever holds it.
void UnlockBySql(Tables& tables, JobId id);
// Ends the leases of an executor.
void UnlockBySql(Tables& tables, const std::string& executor_id);

// A caller whose snapshot misses a fresh lease replaces the job in place, whatever its key.
void ReplaceInPlaceBySql(Tables& tables, JobId id, const NewJob& job, absl::Time now);

}  // namespace leasehold::fake
