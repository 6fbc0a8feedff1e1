#pragma once

#include <cstddef>
#include <string>

#include "server/rpc/violations.h"

namespace leasehold::rpc {

// How many characters a name may have.
struct TextLength {
  size_t min = 1;
  size_t max = 128;
};

// Names a text that is too short, too long, or holds a NUL, which PostgreSQL's text refuses.
void CheckText(const FieldPath& field, const std::string& text, TextLength length,
               Violations& violations);

// `error` as it is stored: at most kMaxErrorBytes. It is never refused for its looks.
std::string CleanError(std::string error);

// The longest beginning of `text` that has at most `max_bytes` and ends with a whole character.
// Bytes that are not UTF-8 become '?'.
std::string CutToValidUtf8(std::string text, size_t max_bytes);

}  // namespace leasehold::rpc
