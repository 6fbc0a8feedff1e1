#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/job/store_request.h"
#include "tests/queue/support/tables.h"

// What each request of server/job/store_request.h does to the tables, as its comment there says.
namespace leasehold::fake {

absl::StatusOr<AddJobsAnswer> Execute(Tables& tables, const AddJobs& request, absl::Time now);
absl::StatusOr<AddKeyedJobsAnswer> Execute(Tables& tables, const AddKeyedJobs& request,
                                           absl::Time now);
absl::StatusOr<RemoveJobAnswer> Execute(Tables& tables, const RemoveJob& request, absl::Time now);
absl::StatusOr<ChangeJobsAnswer> Execute(Tables& tables, const ChangeJobs& request, absl::Time now);
absl::StatusOr<LeaseJobsAnswer> Execute(Tables& tables, const LeaseJobs& request, absl::Time now);
absl::StatusOr<LeaseWindowAnswer> Execute(Tables& tables, const LeaseWindow& request,
                                          absl::Time now);
absl::StatusOr<RecordOutcomesAnswer> Execute(Tables& tables, const RecordOutcomes& request,
                                             absl::Time now);
absl::StatusOr<WriteMissingLeasesAnswer> Execute(Tables& tables, const WriteMissingLeases& request,
                                                 absl::Time now);
absl::StatusOr<ChangeCronsAnswer> Execute(Tables& tables, const ChangeCrons& request,
                                          absl::Time now);
absl::StatusOr<RunCronTicksAnswer> Execute(Tables& tables, const RunCronTicks& request,
                                           absl::Time now);
absl::StatusOr<OpenSessionAnswer> Execute(Tables& tables, const OpenSession& request,
                                          absl::Time now);
absl::StatusOr<EndSessionsAnswer> Execute(Tables& tables, const EndSessions& request,
                                          absl::Time now);
absl::StatusOr<DeleteInboxAnswer> Execute(Tables& tables, const DeleteInbox& request,
                                          absl::Time now);

absl::StatusOr<ReserveJobIdsAnswer> Execute(Tables& tables, const ReserveJobIds& request,
                                            absl::Time now);
absl::StatusOr<ReadPrioritiesAnswer> Execute(Tables& tables, const ReadPriorities& request,
                                             absl::Time now);
absl::StatusOr<ReadWindowsAnswer> Execute(Tables& tables, const ReadWindows& request,
                                          absl::Time now);
absl::StatusOr<ReadQueueHeadsAnswer> Execute(Tables& tables, const ReadQueueHeads& request,
                                             absl::Time now);
absl::StatusOr<ReadJobsAnswer> Execute(Tables& tables, const ReadJobs& request, absl::Time now);
absl::StatusOr<ReadInboxAnswer> Execute(Tables& tables, const ReadInbox& request, absl::Time now);
absl::StatusOr<LoadLeadershipAnswer> Execute(Tables& tables, const LoadLeadership& request,
                                             absl::Time now);
absl::StatusOr<LoadJournalAnswer> Execute(Tables& tables, const LoadJournal& request,
                                          absl::Time now);

// What the transaction of an SQL caller sees of leases. One at REPEATABLE READ misses those that
// came after its snapshot, and takes the job for unleased.
enum class Snapshot { kSeesLeases, kMissesLeases };

// Adds one job as the SQL function put_keyed_job does; shared with SQL callers.
struct PutJob {
  JobId id = 0;
  bool changed = true;
  std::optional<JobId> overtaken;
};
// kAborted: its row is locked. kAlreadyExists: KeyMode::kReject and the key is there.
absl::StatusOr<PutJob> Put(Tables& tables, const NewJob& job, JobId new_id,
                           absl::Time default_run_at, absl::Time now,
                           Snapshot snapshot = Snapshot::kSeesLeases);

}  // namespace leasehold::fake
