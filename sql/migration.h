#pragma once

#include <string_view>

namespace leasehold::sql {

// One file of sql/migrations. Its text holds the placeholder of the schema's name: see WithSchema.
struct Migration {
  // From 1, without gaps.
  int number;
  const char* name;
  // Servers that do not know it must not run on a schema that has it.
  bool breaking;
  std::string_view text;
};

}  // namespace leasehold::sql
