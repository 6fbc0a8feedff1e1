#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace leasehold::store {

// What PostgreSQL's five-letter code means to us: the one place where it is decided. kUnavailable
// always is a lost connection.
struct SqlstateMeaning {
  absl::StatusCode code = absl::StatusCode::kInternal;
  // The statement may succeed if it is simply run again.
  bool transient = false;
  // The connection is of no more use. What was under way may or may not have been committed.
  bool connection_lost = false;
};

SqlstateMeaning MeaningOf(std::string_view sqlstate);

// The status to hand on. The message names the statement and keeps PostgreSQL's own words.
absl::Status SqlError(std::string_view sqlstate, std::string_view statement,
                      std::string_view message);

// Nobody answers at the database's URL; `why` is libpq's.
absl::Status Unreachable(std::string why);

// PostgreSQL's own words without what follows them: the context, the statement.
std::string FirstLine(std::string_view message);

}  // namespace leasehold::store
