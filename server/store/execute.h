#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "server/job/store_request.h"
#include "server/store/connection.h"
#include "server/store/journal.h"

// Each request of store_request.h as its statement in sql/statements: the request becomes
// parameters, the rows become the answer. Nothing is decided here.
namespace leasehold::store {

absl::StatusOr<AddJobsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                      const AddJobs& request);
absl::StatusOr<AddKeyedJobsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                           const AddKeyedJobs& request);
absl::StatusOr<RemoveJobAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                        const RemoveJob& request);
absl::StatusOr<ChangeJobsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                         const ChangeJobs& request);
absl::StatusOr<LeaseJobsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                        const LeaseJobs& request);
absl::StatusOr<LeaseWindowAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                          const LeaseWindow& request);
absl::StatusOr<RecordOutcomesAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                             const RecordOutcomes& request);
absl::StatusOr<WriteMissingLeasesAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                                 const WriteMissingLeases& request);
absl::StatusOr<ChangeCronsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                          const ChangeCrons& request);
absl::StatusOr<RunCronTicksAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                           const RunCronTicks& request);
absl::StatusOr<OpenSessionAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                          const OpenSession& request);
absl::StatusOr<EndSessionsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                          const EndSessions& request);
absl::StatusOr<DeleteInboxAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                          const DeleteInbox& request);

// The part of LoadLeadership that is about crons. One that cannot be read is logged.
absl::Status LoadCrons(Connection& connection, LoadLeadershipAnswer& answer);

// RemoveJob's kNotFound.
absl::Status NoJobHasKey(std::string_view key);

absl::StatusOr<ReserveJobIdsAnswer> Execute(Connection& connection, const ReserveJobIds& request);
absl::StatusOr<ReadPrioritiesAnswer> Execute(Connection& connection, const ReadPriorities& request);
absl::StatusOr<ReadWindowsAnswer> Execute(Connection& connection, const ReadWindows& request);
absl::StatusOr<ReadQueueHeadsAnswer> Execute(Connection& connection, const ReadQueueHeads& request);
absl::StatusOr<ReadJobsAnswer> Execute(Connection& connection, const ReadJobs& request);
absl::StatusOr<ReadInboxAnswer> Execute(Connection& connection, const ReadInbox& request);
absl::StatusOr<LoadLeadershipAnswer> Execute(Connection& connection, const LoadLeadership& request);
absl::StatusOr<LoadJournalAnswer> Execute(Connection& connection, const LoadJournal& request);

}  // namespace leasehold::store
