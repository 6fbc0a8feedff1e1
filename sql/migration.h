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

// Graphile Worker's library, where it finds our schema under its own schema's name, reads the table
// `migrations` before it adds a job. Two things keep it from migrating the schema, and from
// stopping its program because "a newer revision" is breaking:
// - a row with this id, which migration 10 inserts and which means nothing to us, nor does any row
//   above it;
inline constexpr int kFirstIdOfOthers = 1'000'000;
// - migrations above this one are recorded under the negative of their number.
inline constexpr int kLastUnderItsOwnNumber = 10;

constexpr int RecordedId(int number) { return number > kLastUnderItsOwnNumber ? -number : number; }

}  // namespace leasehold::sql
