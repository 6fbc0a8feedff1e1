#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/job/store_request.h"
#include "server/store/connection.h"

// What the journal tells of a write whose answer was lost.
namespace leasehold::store {

// Names a write transaction: decided before it is sent, so that it can be looked for afterwards.
struct WriteStamp {
  uint64_t epoch = 0;
  int64_t number = 0;
};

// A row of the journal: this write was committed.
struct JournalRow {
  std::string kind;
  std::vector<JobId> answer_ids;
  std::vector<JobId> overtaken;
  std::vector<uint64_t> completed;
  std::vector<uint64_t> failed;
  std::vector<uint64_t> released;
  std::vector<uint64_t> unreported;
};

// Empty: the write was not committed, and if its epoch is over it never will be.
absl::StatusOr<std::optional<JournalRow>> ReadJournal(Connection& connection,
                                                      const WriteStamp& stamp);

// Makes the answer of a committed write again: from its journal row, and from the rows of jobs and
// leases as they now stand. What has changed since then the caller would have learned later.
absl::StatusOr<AddJobsAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                      const AddJobs& request);
absl::StatusOr<AddKeyedJobsAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                           const AddKeyedJobs& request);
absl::StatusOr<RemoveJobAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                        const RemoveJob& request);
absl::StatusOr<ChangeJobsAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                         const ChangeJobs& request);
absl::StatusOr<LeaseJobsAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                        const LeaseJobs& request);
absl::StatusOr<LeaseWindowAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                          const LeaseWindow& request);
absl::StatusOr<RecordOutcomesAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                             const RecordOutcomes& request);
absl::StatusOr<WriteMissingLeasesAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                                 const WriteMissingLeases& request);
absl::StatusOr<ChangeCronsAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                          const ChangeCrons& request);
absl::StatusOr<RunCronTicksAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                           const RunCronTicks& request);
absl::StatusOr<OpenSessionAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                          const OpenSession& request);
absl::StatusOr<EndSessionsAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                          const EndSessions& request);
absl::StatusOr<DeleteInboxAnswer> Rebuild(Connection& connection, const JournalRow& row,
                                          const DeleteInbox& request);

}  // namespace leasehold::store
