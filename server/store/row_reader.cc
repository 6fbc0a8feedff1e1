#include "server/store/row_reader.h"

namespace leasehold::store {
namespace {

// Takes the element at the front of `rest` and the comma or brace behind it.
std::string TakeQuoted(std::string_view& rest) {
  std::string element;
  size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\') ++i;
    element += rest[i];
  }
  rest.remove_prefix(i + 2);
  return element;
}

std::string_view TakeBare(std::string_view& rest) {
  const std::string_view element = rest.substr(0, rest.find_first_of(",}"));
  rest.remove_prefix(element.size() + 1);
  return element;
}

}  // namespace

std::vector<std::string> ParseTextArray(std::string_view text) {
  std::vector<std::string> elements;
  if (text.size() <= 2) return elements;
  text.remove_prefix(1);
  while (!text.empty()) {
    if (text.front() == '"') {
      elements.push_back(TakeQuoted(text));
    } else if (const std::string_view element = TakeBare(text); element != "NULL") {
      elements.emplace_back(element);
    }
  }
  return elements;
}

std::vector<int64_t> ParseBigintArray(std::string_view text) {
  std::vector<int64_t> elements;
  if (text.size() <= 2) return elements;
  text.remove_prefix(1);
  while (!text.empty()) {
    const std::string_view element = TakeBare(text);
    int64_t value = 0;
    if (std::from_chars(element.data(), element.data() + element.size(), value).ec == std::errc()) {
      elements.push_back(value);
    }
  }
  return elements;
}

}  // namespace leasehold::store
