#pragma once

#include <pqxx/result>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/operator/operator.h"

// What ends leases under the hands of executors: only while nobody leads, because a leader's memory
// says who holds what. Each is one transaction, in which nobody can begin to lead.
// kAborted: somebody holds a lock; again. kFailedPrecondition: a server leads.
namespace leasehold::store {

absl::StatusOr<std::vector<JobId>> UnlockWithoutLeader(
    const OperatorOptions& options, const std::vector<std::string>& executor_ids);

absl::StatusOr<std::vector<SessionInfo>> SweepWithoutLeader(const OperatorOptions& options,
                                                            const Sweep& sweep);

// The rows of list_sessions.
std::vector<SessionInfo> ReadSessions(const pqxx::result& rows);

}  // namespace leasehold::store
