#pragma once

#include <string>
#include <string_view>

namespace leasehold::client {

bool IsUtf8(std::string_view text);

// At most `max_bytes` of it, with U+FFFD for what is not UTF-8: a server refuses the whole frame
// otherwise. An exception may carry any bytes.
std::string ToUtf8(std::string text, size_t max_bytes);

}  // namespace leasehold::client
