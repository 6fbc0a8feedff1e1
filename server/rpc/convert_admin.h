#pragma once

#include "absl/time/time.h"
#include "leasehold/v1/admin_service.pb.h"
#include "server/job/job_change.h"
#include "server/queue/executor_info.h"
#include "server/rpc/violations.h"
#include "server/store/job_store.h"

// Operators' requests and answers. What comes in is checked, every field of it; with a violation
// the result means nothing.
namespace leasehold::rpc {

JobChange FromProto(v1::CompleteJobsRequest& request, Violations& violations);
JobChange FromProto(v1::FailJobsRequest& request, Violations& violations);
JobChange FromProto(v1::RescheduleJobsRequest& request, Violations& violations);
JobChange FromProto(v1::ForceUnlockRequest& request, Violations& violations);

// A threshold below `least` would end sessions that are well.
queue::SweepOrder FromProto(const v1::SweepExecutorsRequest& request, absl::Duration least,
                            Violations& violations);

store::CleanUpPage FromProto(const v1::CleanUpRequest& request, Violations& violations);

v1::GetStatsResponse ToProto(const store::JobCounts& counts);
v1::ListServersResponse::Server ToProto(store::ServerInfo server);
v1::ListQueuesResponse::Queue ToProto(store::QueueCounts queue);
v1::Executor ToProto(queue::ExecutorInfo executor);
v1::CleanUpResponse ToProto(const store::CleanedUp& cleaned);

// The tasks that have jobs and those that connected executors serve, by name, as many as are
// listed.
v1::ListTasksResponse ToProto(std::vector<store::TaskCounts> tasks,
                              const std::vector<queue::ExecutorInfo>& executors);

}  // namespace leasehold::rpc
