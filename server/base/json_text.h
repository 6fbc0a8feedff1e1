#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace leasehold {

// What is wrong with a text that should be JSON, as "is not valid JSON: ... at byte 7"; nullopt if
// nothing is. Accepts exactly what PostgreSQL's `json` accepts, as far as nesting of at most 512
// levels goes: the parsers of other languages recurse. (A library's parser is no judge here: those
// at hand stop at a NUL, skip a byte order mark, or refuse large numbers and lone surrogates.)
//
// The text must be valid UTF-8. Uses no stack that grows with its depth.
std::optional<std::string> FindJsonFault(std::string_view text);

// The elements of the JSON array that the text is, each byte for byte, without the space around it.
// InvalidArgument: the text is something else, or no JSON. The text must be valid UTF-8.
absl::StatusOr<std::vector<std::string_view>> SplitJsonArray(std::string_view text);

// A JSON string literal, quotes included.
std::string QuoteJson(std::string_view text);

}  // namespace leasehold
