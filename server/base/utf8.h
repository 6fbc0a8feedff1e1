#pragma once

#include <cstddef>
#include <string_view>

namespace leasehold {

// The length of the character at `at`; 0 if the bytes there are no valid UTF-8.
size_t CharacterLength(std::string_view text, size_t at);

bool IsUtf8(std::string_view text);

// The characters of a text that is valid UTF-8.
size_t CountCharacters(std::string_view text);

}  // namespace leasehold
