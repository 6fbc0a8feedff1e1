#pragma once

#include <charconv>
#include <string_view>
#include <vector>

// Texts are std::string_view here, which Debian's absl does not take.
namespace leasehold {

// The parts between separators, empty ones too.
std::vector<std::string_view> Split(std::string_view text, char separator);

// For ASCII letters.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// Whether the whole text is a number that T can hold.
template <typename T>
bool ReadInteger(std::string_view text, T& number, int base = 10) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number, base);
  return read.ec == std::errc() && read.ptr == end;
}

}  // namespace leasehold
