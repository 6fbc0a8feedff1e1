#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/job/job.h"
#include "server/job/lease.h"
#include "server/queue/ending.h"

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
  std::unique_ptr<Ending> ending;
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

  // Ends a lease, which is in the book.
  std::unique_ptr<HeldLease> Take(uint64_t fencing_number);

  // Leases of the row that have not ended; 0 for an unknown row.
  int LiveInRow(int64_t row) const;

  std::vector<JobId> JobIds() const;
  // Every row as it would be written now, ended leases left out.
  std::vector<LeaseRow> Rows();
  // Rows older than `age` of whose leases fewer than an eighth have not ended.
  std::vector<int64_t> SparseRows(absl::Time now, absl::Duration age) const;
  std::vector<HeldLease*> OfRow(int64_t row);
  // The lease stands in another row from now on.
  void MoveToRow(HeldLease& lease, int64_t row);

  size_t size() const { return leases_.size(); }

 private:
  // Fencing numbers of leases that were put here, and how many of them are here still: cheaper than
  // a set, in and out of which every lease would go.
  struct Numbers {
    int live = 0;
    std::vector<uint64_t> all;

    void Add(uint64_t number) {
      ++live;
      all.push_back(number);
    }
  };
  struct Row {
    int size = 0;
    absl::Time leased_at;
    Numbers numbers;
  };

  // Those that `belongs` says are here still; forgets the others.
  template <typename Belongs>
  std::vector<HeldLease*> Living(Numbers& numbers, Belongs belongs);
  void RemoveFromRow(const HeldLease& lease);

  absl::flat_hash_map<uint64_t, std::unique_ptr<HeldLease>> leases_;
  absl::flat_hash_map<JobId, uint64_t> by_job_;
  absl::flat_hash_map<SessionNumber, Numbers> by_session_;
  absl::flat_hash_map<int64_t, Row> rows_;
};

}  // namespace leasehold::queue
