#pragma once

#include <string_view>

namespace leasehold::sql {

// One file of sql/statements. Its text holds the placeholder of the schema's name: see WithSchema.
struct Statement {
  // The file's name without .sql: also that of the prepared statement and of its metrics.
  const char* name;
  std::string_view text;
};

}  // namespace leasehold::sql
