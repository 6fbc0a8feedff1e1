#include "server/store/request_hash.h"

#include <array>
#include <cstdint>

#include "absl/strings/str_format.h"

namespace leasehold::store {
namespace {

std::string Hex(const std::array<uint8_t, 16>& hash) {
  std::string text = "\\x";
  for (const uint8_t byte : hash) text += absl::StrFormat("%02x", byte);
  return text;
}

}  // namespace

std::optional<std::string> IdHash(const std::optional<RequestKey>& key) {
  return key.has_value() ? std::make_optional(Hex(key->id)) : std::nullopt;
}

std::optional<std::string> BodyHash(const std::optional<RequestKey>& key) {
  return key.has_value() ? std::make_optional(Hex(key->body)) : std::nullopt;
}

}  // namespace leasehold::store
