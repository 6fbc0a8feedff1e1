#pragma once

#include <string_view>

namespace leasehold::sql {

// One file of sql/statements. Where its rows have times, each is what timestamptz_send makes of it:
// exact, infinity included, and cheap to write and to read. Its text holds the placeholder of the
// schema's name: see WithSchema.
struct Statement {
  // The file's name without .sql: also that of the prepared statement and of its metrics.
  const char* name;
  std::string_view text;
};

}  // namespace leasehold::sql
