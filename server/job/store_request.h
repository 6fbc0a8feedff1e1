#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/job/cron_request.h"
#include "server/job/job.h"
#include "server/job/job_change.h"
#include "server/job/lease.h"
#include "server/job/outcome.h"

// The operations between the queue and its store: one struct a request, one an answer, each named
// as its statement in sql/statements and its metric.
namespace leasehold {

// A request id as the journal keeps it: its hash, and that of the body that came with it.
struct RequestKey {
  std::array<uint8_t, 16> id{};
  std::array<uint8_t, 16> body{};
  friend bool operator==(const RequestKey&, const RequestKey&) = default;
};

// ---- writes: each is one transaction, fenced by the epoch, with one row in the journal ----

// A job with everything decided, id included.
struct JobToInsert {
  JobId id = 0;
  NewJob job;
  absl::Time run_at;
  // Its lease is among those of the request: nobody finds it in the order of work before that ends.
  bool born_leased = false;
};

// Inserts jobs without keys; those in `leases` are born leased. The jobs of one request are next to
// each other. Refuses the whole batch (kInvalidArgument) if PostgreSQL refuses one value of it.
struct AddJobs {
  struct Request {
    std::optional<RequestKey> key;
    int first = 0;
    int count = 0;
  };
  std::vector<JobToInsert> jobs;
  std::vector<Request> requests;
  std::optional<LeaseRow> leases;
};
struct AddJobsAnswer {};

// Adds the jobs of one request, of which at least one has a key, in a transaction of its own.
// kAborted: a row with a key of it is locked by somebody; nothing was done.
// kAlreadyExists: KeyMode::kReject and the key is there; nothing was done.
struct AddKeyedJobs {
  std::vector<NewJob> jobs;
  absl::Time now;  // run_at of those that name none
  std::optional<RequestKey> request;
};
struct AddKeyedJobsAnswer {
  // One per job, in order.
  std::vector<JobId> ids;
  // The rows of those ids as they now stand; and jobs that ran under a key and lost it.
  std::vector<RankedJob> changed;
  std::vector<JobId> overtaken;
};

// Removes the unleased job that has the key; a leased one loses its key and its retries.
// kNotFound: none has it. kAborted as in AddKeyedJobs.
struct RemoveJob {
  std::string key;
  std::optional<RequestKey> request;
};
struct RemoveJobAnswer {
  JobId id = 0;
  bool deleted = false;  // false: it was leased and runs on
};

// Changes jobs by id, or ends leases; leased jobs (but for kUnlock) and those that are not there
// are left alone. `delay` has become run_at. The inbox tells of what was changed. kAborted:
// somebody holds the row of one of the jobs; nothing was done.
struct ChangeJobs {
  JobChange change;
  std::optional<RequestKey> request;
};
struct ChangeJobsAnswer {
  std::vector<JobId> ids;  // of the jobs changed, ascending
};

// Locks those rows that still stand as ranked and inserts `leases` for them.
struct LeaseJobs {
  std::vector<RankedJob> jobs;
  LeaseRow leases;  // one lease per job, in the same order
  // The row is on disk before the answer: it holds a job of a serial queue.
  bool durable = false;
};
struct LeaseJobsAnswer {
  // Those leased, in no order. The others of the request are not leased.
  std::vector<Job> leased;
};

// Leases the first due jobs of one task and priority behind `after`, which nobody may have leased.
// Those with a forbidden flag are passed over; a job of a serial queue or one that crashed is not
// leased so, nor are those behind it. kAborted: somebody holds one of the rows; nothing was done.
struct LeaseWindow {
  std::string task;
  int priority = 0;
  std::vector<std::string> forbidden_flags;
  std::optional<Rank> after;  // unset: from the head
  absl::Time now;             // jobs due later are left
  // A lease for each row that may be read, in the order of work; their jobs are not known yet.
  LeaseRow leases;
};
struct LeaseWindowAnswer {
  // The job of this lease of the request, as it was leased.
  struct Leased {
    size_t lease = 0;
    Job job;
  };
  std::vector<Leased> leased;
  std::vector<RankedJob> unleased;
  // Of the last row read; unset: none was read, or it is not known.
  std::optional<Rank> last;
  bool complete = false;  // nothing due stands behind `last`
};

// Ends leases. Matches id and activation; what does not match is not touched.
struct RecordOutcomes {
  struct Complete {
    LeaseToken token;
  };
  // A row that stays: failed, released, swept or taken back. Its activation grows by one.
  struct Update {
    LeaseToken token;
    OutcomeKind kind = OutcomeKind::kFail;  // what the journal says of the token
    // Not recorded in the journal as an outcome: swept and taken back, not reported.
    bool reported = true;
    int attempts = 0;  // never lowers what stands in the row, never above max_attempts
    absl::Time run_at;
    int crashes = 0;
    std::optional<std::string> error;    // unset: last_error stays
    std::optional<std::string> payload;  // unset: the payload stays
  };
  std::vector<Complete> completes;
  std::vector<Update> updates;
  // Rows of `leases` that have no live lease left after this.
  std::vector<int64_t> ended_lease_rows;
};
struct RecordOutcomesAnswer {
  // Fencing numbers of the leases that this transaction ended by deleting the job.
  std::vector<uint64_t> completed;
  // Jobs updated, as they now stand.
  struct Updated {
    uint64_t fencing_number = 0;
    RankedJob job;
  };
  std::vector<Updated> updated;
  // Leases whose job was locked by somebody and is untouched: try again later.
  // What is in none of the three is lost: the activation moved or the job is gone.
  std::vector<uint64_t> locked;
};

// Writes the rows of `leases` that are not there (they were committed asynchronously and lost).
struct WriteMissingLeases {
  std::vector<LeaseRow> rows;
};
struct WriteMissingLeasesAnswer {};

// ChangeCrons and RunCronTicks stand in cron_request.h.

// A session's row in `executors`: there before its `opened`, gone when it ended cleanly or was
// swept.
struct SessionRow {
  SessionNumber number = 0;
  std::string session_id;
  std::string executor_id;
  std::string executor_name;
  std::vector<std::string> tasks;
};
struct OpenSession {
  SessionRow session;
};
struct OpenSessionAnswer {};
struct EndSessions {
  std::vector<SessionNumber> sessions;
};
struct EndSessionsAnswer {};

// Deletes exactly these rows of `inbox`.
struct DeleteInbox {
  std::vector<int64_t> inbox_ids;
};
struct DeleteInboxAnswer {};

// ---- reads: no lock, no journal ----

// Takes ids from the sequence of jobs; nobody else gets them.
struct ReserveJobIds {
  int count = 0;
};
struct ReserveJobIdsAnswer {
  std::vector<JobId> ids;  // ascending
};

// The priorities that jobs of these tasks have, permanently failed ones left out.
struct ReadPriorities {
  std::vector<std::string> tasks;
};
struct ReadPrioritiesAnswer {
  struct Entry {
    std::string task;
    int priority = 0;
  };
  std::vector<Entry> entries;
};

// Reads on in the order (run_at, id) of one task and priority. Leased jobs are among the rows.
struct ReadWindows {
  struct Window {
    std::string task;
    int priority = 0;
    std::vector<std::string> forbidden_flags;
    // The last row read before; unset: from the head.
    std::optional<Rank> after;
    int limit = 0;
  };
  std::vector<Window> windows;
};
struct ReadWindowsAnswer {
  struct Page {
    std::vector<RankedJob> jobs;
    // Of the last row read, filtered out or not; unset: none was read.
    std::optional<Rank> last;
    bool complete = false;  // nothing stands behind `last`
  };
  std::vector<Page> pages;  // one per window, in order
};

// The first due jobs of serial queues in the order of work, of these tasks only. Leased jobs are
// among the rows.
struct ReadQueueHeads {
  std::vector<std::string> queues;
  std::vector<std::string> tasks;
  std::vector<std::string> forbidden_flags;
  absl::Time now;
  int limit = 0;  // per queue
};
struct ReadQueueHeadsAnswer {
  struct Queue {
    std::string name;
    std::vector<RankedJob> jobs;
    bool complete = false;  // no further due job stands behind these
  };
  std::vector<Queue> queues;
};

// Jobs as they now stand; those that are gone are left out.
struct ReadJobs {
  std::vector<JobId> ids;
};
struct ReadJobsAnswer {
  std::vector<RankedJob> jobs;
};

// The oldest rows of `inbox` with the job rows of that same moment.
struct ReadInbox {
  int limit = 0;
};
struct ReadInboxAnswer {
  std::vector<int64_t> inbox_ids;
  std::vector<JobId> job_ids;   // each once
  std::vector<RankedJob> jobs;  // those of job_ids that exist
  bool complete = false;        // the inbox held no more
};

// What the journal remembers of leaders before.
struct JournalMemory {
  struct EndedToken {
    uint64_t fencing_number = 0;
    OutcomeKind kind = OutcomeKind::kComplete;
    absl::Duration age;
  };
  std::vector<EndedToken> tokens;
  struct AnsweredRequest {
    RequestKey key;
    std::vector<JobId> ids;
    absl::Duration age;
  };
  std::vector<AnsweredRequest> requests;  // the oldest first
};

// A row of the journal.
struct JournalPlace {
  uint64_t epoch = 0;
  int64_t number = 0;
};

// What a new leader must know before it accepts a session: leases, sessions, crons, and the newest
// part of the journal.
struct LoadLeadership {};
struct LoadLeadershipAnswer {
  struct HeldLease {
    int64_t row = 0;
    Lease lease;
    RankedJob job;  // as it now stands: same activation
  };
  std::vector<HeldLease> leases;
  std::vector<int64_t> dead_lease_rows;  // rows without a live lease
  std::vector<SessionRow> sessions;
  JournalMemory journal;
  std::optional<JournalPlace> journal_rest;  // what is older than this row was left out
  // Those whose schedule can be read.
  std::vector<StoredCron> crons;
  std::vector<KnownCron> known_crons;
  SessionNumber next_session = 1;
  absl::Time now;
};

// The journal before a row.
struct LoadJournal {
  JournalPlace before;
};
struct LoadJournalAnswer {
  JournalMemory journal;
};

using StoreRequest =
    std::variant<AddJobs, AddKeyedJobs, RemoveJob, ChangeJobs, LeaseJobs, LeaseWindow,
                 RecordOutcomes, WriteMissingLeases, ChangeCrons, RunCronTicks, OpenSession,
                 EndSessions, DeleteInbox, ReserveJobIds, ReadPriorities, ReadWindows,
                 ReadQueueHeads, ReadJobs, ReadInbox, LoadLeadership, LoadJournal>;

// The alternative with the request's index answers it. With any status but OK it is empty and
// nothing was done. kUnavailable: the database is away. kFailedPrecondition: another leader has
// raised the epoch. kAborted: locked by somebody, or an id is taken. kInvalidArgument: PostgreSQL
// refused a value. kResourceExhausted: its disk or memory is full. kDeadlineExceeded: the statement
// took too long.
using StoreAnswer =
    std::variant<AddJobsAnswer, AddKeyedJobsAnswer, RemoveJobAnswer, ChangeJobsAnswer,
                 LeaseJobsAnswer, LeaseWindowAnswer, RecordOutcomesAnswer, WriteMissingLeasesAnswer,
                 ChangeCronsAnswer, RunCronTicksAnswer, OpenSessionAnswer, EndSessionsAnswer,
                 DeleteInboxAnswer, ReserveJobIdsAnswer, ReadPrioritiesAnswer, ReadWindowsAnswer,
                 ReadQueueHeadsAnswer, ReadJobsAnswer, ReadInboxAnswer, LoadLeadershipAnswer,
                 LoadJournalAnswer>;

}  // namespace leasehold
