#include "sql/schema_name.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace leasehold::sql {
namespace {

constexpr size_t kLongestName = 48;

bool IsGoodName(std::string_view schema) {
  if (schema.empty() || schema.size() > kLongestName || absl::ascii_isdigit(schema.front())) {
    return false;
  }
  for (const char c : schema) {
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  }
  return true;
}

}  // namespace

absl::Status CheckSchemaName(std::string_view schema) {
  if (IsGoodName(schema)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "schema \"%s\" must have 1 to %d letters, digits and underscores and not begin with a digit",
      schema, kLongestName));
}

std::string WithSchema(std::string_view text, std::string_view schema) {
  return absl::StrReplaceAll(absl::string_view(text.data(), text.size()),
                             {{":\"schema\"", absl::StrFormat("\"%s\"", schema)},
                              {":'schema'", absl::StrFormat("'%s'", schema)}});
}

}  // namespace leasehold::sql
