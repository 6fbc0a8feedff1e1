#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "nlohmann/json.hpp"

// What programs read of the command's output.
namespace leasehold::cli {

// A value of a document. JSON text of a job, which must survive byte for byte, is a RawJson.
using Json = nlohmann::ordered_json;

// `text` is JSON. It stands in a JSON document as it is, because parsing it would change numbers
// that no double holds, and in a YAML document as a string.
Json RawJson(const std::string& text);

// null, if there is no value.
Json OrNull(const std::string& text);
Json OrNull(const std::optional<absl::Time>& time);
template <typename Value>
Json OrNull(const std::optional<Value>& value) {
  return value.has_value() ? Json(*value) : Json(nullptr);
}

// On one line, without a line feed. What is not UTF-8 becomes U+FFFD.
std::string ToJsonText(const Json& value);

// Without a line feed at its end. Strings that YAML would read as something else are quoted.
std::string ToYamlText(const Json& value);

}  // namespace leasehold::cli
