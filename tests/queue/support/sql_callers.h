#pragma once

#include <string>

#include "absl/time/time.h"
#include "server/job/job.h"
#include "tests/queue/support/tables.h"

// What others do to jobs by SQL: each change adds rows to `inbox`, with everything else in one
// transaction. The caller has seen to it that the row is not locked.
namespace leasehold::fake {

// Adds a job, or does with the one that has its key what its mode says.
JobId AddBySql(Tables& tables, const NewJob& job, absl::Time now);
void RemoveBySql(Tables& tables, const std::string& key);
// Deletes the job, leased or not.
void CompleteBySql(Tables& tables, JobId id);
void FailBySql(Tables& tables, JobId id);
void RescheduleBySql(Tables& tables, JobId id, absl::Time run_at);
// Brings a permanently failed job back.
void ReviveBySql(Tables& tables, JobId id, absl::Time run_at);
// Ends the lease of a job, whoever holds it.
void UnlockBySql(Tables& tables, JobId id);
// A caller whose snapshot misses a fresh lease replaces the job in place.
void ReplaceInPlaceBySql(Tables& tables, JobId id, const NewJob& job, absl::Time now);

}  // namespace leasehold::fake
