#include "client/cpp/text.h"

#include <utility>

namespace leasehold::client {
namespace {

// Length of the valid UTF-8 character at the start of `text`, which is not empty; 0: none.
size_t CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, beyond U+10FFFF.
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
  if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
  return length;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string ToUtf8(std::string text, size_t max_bytes) {
  if (text.size() <= max_bytes && IsUtf8(text)) return text;
  std::string valid;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t length = CharacterLength(rest);
    const std::string_view next = length == 0 ? "\uFFFD" : rest.substr(0, length);
    if (valid.size() + next.size() > max_bytes) break;
    valid += next;
    rest.remove_prefix(length == 0 ? 1 : length);
  }
  return valid;
}

}  // namespace leasehold::client
