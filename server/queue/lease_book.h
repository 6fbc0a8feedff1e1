#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "server/job/job.h"
#include "server/job/lease.h"
#include "server/job/outcome.h"

namespace leasehold::queue {

// A lease that has not ended, as the leader knows it.
struct HeldLease {
  LeaseToken token;
  SessionNumber session = 0;
  int64_t row = 0;  // of `leases`
  RankedJob job;    // as it was leased
  absl::Time leased_at;
  bool received = false;
  bool started = false;
  absl::Time started_at;
  bool recalled = false;
  // The job changed under it: it counts for nothing, but holds its serial queue until its executor
  // reports or is lost.
  bool overtaken = false;
  // An outcome is being recorded. The first one wins.
  std::optional<OutcomeKind> ending;
  bool ending_reported = false;
};

// Every lease that has not ended, by token, job, session and row of `leases`.
class LeaseBook {
 public:
  HeldLease& Add(HeldLease lease);

  // Null if there is none, or the token differs in any part.
  HeldLease* Find(const LeaseToken& token);
  HeldLease* FindByFencingNumber(uint64_t fencing_number);
  // The newest lease of the job.
  HeldLease* FindByJob(JobId job);

  // In the order in which they were leased.
  std::vector<HeldLease*> OfSession(SessionNumber session);
  int CountOfSession(SessionNumber session) const;

  // Ends a lease.
  void Erase(uint64_t fencing_number);

  // Leases of the row that have not ended; 0 for an unknown row.
  int LiveInRow(int64_t row) const;

  std::vector<JobId> JobIds() const;
  // Every row as it would be written now, ended leases left out.
  std::vector<LeaseRow> Rows() const;
  // Rows older than `age` of whose leases fewer than an eighth have not ended.
  std::vector<int64_t> SparseRows(absl::Time now, absl::Duration age) const;
  std::vector<HeldLease*> OfRow(int64_t row);
  // The lease stands in another row from now on.
  void MoveToRow(HeldLease& lease, int64_t row);

  size_t size() const { return leases_.size(); }

 private:
  struct Row {
    int size = 0;
    absl::Time leased_at;
    absl::flat_hash_set<uint64_t> live;
  };

  void RemoveFromRow(const HeldLease& lease);

  absl::flat_hash_map<uint64_t, std::unique_ptr<HeldLease>> leases_;
  absl::flat_hash_map<JobId, uint64_t> by_job_;
  absl::flat_hash_map<SessionNumber, absl::flat_hash_set<uint64_t>> by_session_;
  absl::flat_hash_map<int64_t, Row> rows_;
};

}  // namespace leasehold::queue
