#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/job/job.h"
#include "server/job/lease.h"
#include "server/job/outcome.h"
#include "server/job/store_request.h"

namespace leasehold::fake {

// PostgreSQL refuses a job or an outcome with this text: it is no UTF-8.
inline constexpr char kRefusedText[] = "\xff";

// What the database holds, in memory: shared by all stores over it. Notes in `violations` whatever
// the queue must never do to it.
struct Tables {
  struct StoredRow {
    LeaseRow row;
    bool durable = true;
  };
  struct EndedToken {
    OutcomeKind kind = OutcomeKind::kComplete;
    absl::Time at;
  };
  struct AnsweredRequest {
    RequestKey key;
    std::vector<JobId> ids;
    absl::Time at;
  };

  uint64_t epoch = 0;
  std::map<JobId, Job> jobs;
  std::map<int64_t, StoredRow> leases;
  std::map<int64_t, JobId> inbox;
  std::map<SessionNumber, SessionRow> executors;
  // The journal.
  std::map<uint64_t, EndedToken> ended_tokens;
  std::vector<AnsweredRequest> requests;
  // How many of each a new leader reads at first.
  size_t recent_journal = 1000;

  JobId next_job = 1;
  JobId last_used_job = 0;  // the highest that was ever inserted
  JobId reserved_job = 0;   // the highest that a leader reserved, which is on disk
  int64_t next_inbox = 1;
  SessionNumber next_session = 1;
  std::set<SessionNumber> session_numbers;  // ever given

  // Jobs that nobody finds in the order of work while they have their first activation.
  std::set<JobId> born_leased;

  // Jobs whose rows somebody else's transaction has locked.
  std::set<JobId> locked;

  std::map<std::string, StoredCron> crons;
  std::map<std::string, KnownCron> known_crons;
  // Crons whose rows somebody else's transaction has locked.
  std::set<std::string> locked_crons;
  // Every tick that added a job, and how often.
  std::map<std::pair<std::string, absl::Time>, int> ticks;

  // How often each job was completed by an outcome, and those that SQL callers deleted.
  std::map<JobId, int> completed;
  std::set<JobId> deleted_by_sql;

  std::vector<std::string> violations;

  bool InOrder(const Job& job) const {
    return !job.permanently_failed() && (job.activation > 0 || !born_leased.contains(job.id));
  }
  Job* FindJob(JobId id);
  Job* FindKey(const std::string& key);
  // The lease of the job's present activation; null if there is none.
  const Lease* LiveLease(JobId id) const;
  bool IsLive(const Lease& lease) const;
  // Inserts a row of `leases`, and notes what is leased twice or breaks a serial queue.
  void InsertLeases(const LeaseRow& row, bool durable);
  void DeleteLeaseRow(int64_t number);
  // A crash of the database: the rows that were committed asynchronously are gone.
  void LoseAsynchronousCommits();
};

RankedJob Ranked(const Job& job);

}  // namespace leasehold::fake
