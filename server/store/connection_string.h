#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace leasehold::store {

// The name of every database connection of a server. A takeover ends those of a stopped leader by
// this name.
std::string ApplicationName(std::string_view server_id);

// What libpq is told: `database_url` (a URL or key=value pairs) with every setting that the
// statements rely on, whatever the role, the database or the URL say; and with time limits on
// connecting and on dead networks where the URL names none.
// kInvalidArgument: libpq cannot read `database_url`; the message does not repeat it, since it may
// hold a password.
absl::StatusOr<std::string> ConnectionString(std::string_view database_url,
                                             std::string_view application_name);

}  // namespace leasehold::store
