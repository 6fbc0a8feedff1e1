#include "client/cli/document.h"

#include <cstdint>
#include <vector>

#include "client/cli/text.h"

namespace leasehold::cli {
namespace {

std::string Dump(const Json& scalar) {
  return scalar.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void Append(const Json& value, std::string& text) {
  if (value.is_binary()) {
    text.append(value.get_binary().begin(), value.get_binary().end());
  } else if (value.is_object()) {
    char separator = '{';
    for (const auto& [name, member] : value.items()) {
      text += separator + Dump(Json(name)) + ':';
      Append(member, text);
      separator = ',';
    }
    text += value.empty() ? "{}" : "}";
  } else if (value.is_array()) {
    char separator = '[';
    for (const Json& element : value) {
      text += separator;
      Append(element, text);
      separator = ',';
    }
    text += value.empty() ? "[]" : "]";
  } else {
    text += Dump(value);
  }
}

}  // namespace

Json RawJson(const std::string& text) {
  return Json::binary(std::vector<uint8_t>(text.begin(), text.end()));
}

Json OrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json OrNull(const std::optional<absl::Time>& time) {
  return time.has_value() ? Json(UtcTime(*time)) : Json(nullptr);
}

std::string ToJsonText(const Json& value) {
  std::string text;
  Append(value, text);
  return text;
}

}  // namespace leasehold::cli
