#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "leasehold/v1/job_service.pb.h"
#include "server/rpc/violations.h"
#include "server/store/job_store.h"

namespace leasehold::rpc {

// The filter that a request asks for, its place taken from the page token. One job more than the
// page holds is asked for: it tells whether there is a next page.
store::JobFilter FromProto(const v1::ListJobsRequest& request, Violations& violations);

// The token of the page after job `last`. It holds for the same filter only.
std::string NextPageToken(const store::JobFilter& filter, JobId last);

// A decimal id above 0; nullopt for any other text.
std::optional<JobId> ParseJobId(std::string_view text);

}  // namespace leasehold::rpc
