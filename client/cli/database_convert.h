#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cpp/admin.h"
#include "client/cpp/client.h"
#include "server/job/job.h"
#include "server/store/job_store.h"
#include "server/store/operator/operator.h"

// Between the words of the library and those of the store.
namespace leasehold::cli {

absl::StatusOr<JobId> ToJobId(const std::string& id);
absl::StatusOr<std::vector<JobId>> ToJobIds(const std::vector<std::string>& ids);
std::vector<std::string> FromJobIds(const std::vector<JobId>& ids);

NewJob ToStore(const client::NewJob& job);
store::JobFilter::State ToStore(const std::optional<client::JobState>& state);
store::Rescheduling ToStore(const client::Reschedule& reschedule);

client::Job FromStore(const Job& job, absl::Time now);
client::StateCounts FromStore(const store::JobCounts& counts);
client::Server FromStore(const store::ServerInfo& server);
client::ExecutorInfo FromStore(const store::SessionInfo& session);

}  // namespace leasehold::cli
