#include "server/rpc/text.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/rpc/limits.h"

namespace leasehold::rpc {
namespace {

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// The length of the valid character at `at`; 0 if there is none.
size_t CharacterLength(const std::string& text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return 0;
  uint32_t character = lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[at + i])) return 0;
    character = character << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
  }
  const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  return overlong || surrogate || character > 0x10FFFF ? 0 : length;
}

}  // namespace

size_t CountCharacters(const std::string& text) {
  size_t count = 0;
  for (const char byte : text) count += IsContinuation(byte) ? 0 : 1;
  return count;
}

void CheckText(const FieldPath& field, const std::string& text, TextLength length,
               Violations& violations) {
  // No text has more characters than bytes: nearly all need no counting.
  if (text.size() < length.min || text.size() > length.max) {
    const size_t count = CountCharacters(text);
    if (count < length.min || count > length.max) {
      violations.Add(field, absl::StrFormat("must have %d to %d characters, not %d", length.min,
                                            length.max, count));
    }
  }
  if (text.find('\0') != std::string::npos) violations.Add(field, "must not hold a NUL character");
}

std::string CleanError(std::string error) {
  error = CutToValidUtf8(std::move(error), kMaxErrorBytes);
  // PostgreSQL's text holds no NUL.
  std::replace(error.begin(), error.end(), '\0', ' ');
  return error;
}

std::string CutToValidUtf8(std::string text, size_t max_bytes) {
  size_t at = 0;
  while (at < text.size()) {
    size_t length = CharacterLength(text, at);
    if (length == 0) {
      text[at] = '?';
      length = 1;
    }
    if (at + length > max_bytes) break;
    at += length;
  }
  text.resize(at);
  return text;
}

}  // namespace leasehold::rpc
