#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "leasehold/v1/admin_service.pb.h"
#include "leasehold/v1/job_service.pb.h"
#include "server/rpc/violations.h"
#include "server/store/job_store.h"

namespace leasehold::rpc {

// The filter that a request asks for, its place taken from the page token. One job more than the
// page holds is asked for: it tells whether there is a next page.
store::JobFilter FromProto(const v1::ListJobsRequest& request, Violations& violations);

// The token of the page after job `last`. It holds for the same filter only.
std::string NextPageToken(const store::JobFilter& filter, JobId last);

// The page of a list by name that a request asks for.
struct NamePage {
  std::string after;  // empty: the first
  int size = 0;
};
NamePage FromProto(const v1::ListQueuesRequest& request, Violations& violations);
// The same for any `call`, of its page_size and page_token.
NamePage PageOfNames(std::string_view call, int size, int default_size, const std::string& token,
                     Violations& violations);

// Tokens of the pages after a name and after an id; nullopt for any other text.
std::string NameToken(const std::string& last);
std::optional<std::string> ParseNameToken(const std::string& token);
std::string IdToken(JobId last);
std::optional<JobId> ParseIdToken(const std::string& token);

// A decimal id above 0; nullopt for any other text.
std::optional<JobId> ParseJobId(std::string_view text);

}  // namespace leasehold::rpc
