#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/backend.h"
#include "client/cli/command.h"

namespace leasehold::cli {

// Returns the ids of the jobs that it changed.
using JobChange = std::function<absl::StatusOr<std::vector<std::string>>(
    Backend& backend, const std::vector<std::string>& ids)>;

// Changes the jobs that were typed (see ReadJobIds), in several calls if they are many, and prints
// the ids of those changed. It is an error if any was left alone: it is leased, or not there.
absl::Status ChangeJobs(const std::vector<std::string>& typed_ids, const JobChange& change,
                        Session& session);

}  // namespace leasehold::cli
