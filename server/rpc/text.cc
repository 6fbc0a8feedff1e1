#include "server/rpc/text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/base/utf8.h"
#include "server/rpc/limits.h"

namespace leasehold::rpc {

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
