#pragma once

#include <string>

#include "absl/status/status.h"
#include "server/config.h"

namespace leasehold {

// What a server would refuse at its start although each value reads well: a database URL that libpq
// cannot read, an embedded PostgreSQL whose programs are not there, a faulty crontab. Connects to
// nothing and writes nothing. InvalidArgument with every fault, one a line.
absl::Status CheckConfig(const Config& config);

// A warning if others than the user and the group of the file at `path` may read it; else empty.
std::string WarnOfReaders(const std::string& path);

}  // namespace leasehold
