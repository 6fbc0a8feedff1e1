#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leasehold::rpc {

// What is wrong with a text that should be JSON, as "is not valid JSON: ... at byte 7"; nullopt if
// nothing is. Accepts exactly what PostgreSQL's `json` accepts, as far as nesting of at most 512
// levels goes: the parsers of other languages recurse. (A library's parser is no judge here: those
// at hand stop at a NUL, skip a byte order mark, or refuse large numbers and lone surrogates.)
//
// The text must be valid UTF-8. Uses no stack that grows with its depth.
std::optional<std::string> FindJsonFault(std::string_view text);

// A JSON string literal, quotes included.
std::string QuoteJson(std::string_view text);

}  // namespace leasehold::rpc
