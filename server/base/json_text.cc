#include "server/base/json_text.h"

#include <bitset>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace leasehold {
namespace {

constexpr size_t kMaxDepth = 512;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Reads one JSON text from left to right. Each method moves past what it accepts; `fault_` is set
// at the first byte that cannot stand where it stands.
class JsonScanner {
 public:
  // Where the text is an array, `elements` gets its own, if it is given.
  explicit JsonScanner(std::string_view text, std::vector<std::string_view>* elements = nullptr)
      : text_(text), elements_(elements) {}

  std::optional<std::string> Scan() {
    bool value_expected = true;
    while (fault_ == nullptr && (value_expected || depth_ > 0)) {
      SkipSpace();
      if (value_expected && InRootArray()) element_ = at_;
      value_expected = value_expected ? Value() : AfterValue();
      if (!value_expected && InRootArray() && elements_ != nullptr) {
        elements_->push_back(text_.substr(element_, at_ - element_));
      }
    }
    SkipSpace();
    if (fault_ == nullptr && at_ < text_.size()) fault_ = "unexpected text after the value";
    if (fault_ == nullptr) return std::nullopt;
    return absl::StrFormat("is not valid JSON: %s at byte %d", fault_, at_);
  }

 private:
  bool Fail(const char* fault) {
    if (fault_ == nullptr) fault_ = fault;
    return false;
  }

  bool InRootArray() const { return depth_ == 1 && !is_object_[0]; }

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  // Both return whether a value is expected next.
  bool Value() {
    switch (Peek()) {
      case '{':
        return Open(true, '}');
      case '[':
        return Open(false, ']');
      case '"':
        return String();
      case 't':
        return Word("true");
      case 'f':
        return Word("false");
      case 'n':
        return Word("null");
      default:
        return Number();
    }
  }

  bool AfterValue() {
    const bool in_object = is_object_[depth_ - 1];
    if (Take(in_object ? '}' : ']')) {
      --depth_;
      return false;
    }
    if (!Take(',')) return Fail(in_object ? "expected ',' or '}'" : "expected ',' or ']'");
    return in_object ? Key() : true;
  }

  bool Open(bool object, char close) {
    if (depth_ == kMaxDepth) return Fail("nested deeper than 512 levels");
    ++at_;
    SkipSpace();
    if (Take(close)) return false;
    is_object_[depth_++] = object;
    return object ? Key() : true;
  }

  bool Key() {
    SkipSpace();
    if (Peek() != '"') return Fail("expected a key in quotes");
    String();
    SkipSpace();
    return Take(':') || Fail("expected ':'");
  }

  bool String() {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return Fail("unescaped control character");
      ++at_;
      if (c == '"') return false;
      if (c == '\\' && !Escape()) return Fail("bad escape");
    }
    return Fail("unterminated string");
  }

  bool Escape() {
    const char c = Peek();
    if (c != 'u') {
      if (c == '\0' || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) {
        return false;
      }
      ++at_;
      return true;
    }
    ++at_;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (!IsHexDigit(Peek())) return false;
    }
    return true;
  }

  bool Word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return Fail("expected a value");
    at_ += word.size();
    return false;
  }

  bool Number() {
    const bool negative = Take('-');
    if (!Take('0') && !Digits()) return Fail(negative ? "bad number" : "expected a value");
    if (Take('.') && !Digits()) return Fail("bad number");
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (!Digits()) return Fail("bad number");
    }
    return false;
  }

  bool Digits() {
    const size_t begin = at_;
    while (IsDigit(Peek())) ++at_;
    return at_ > begin;
  }

  const std::string_view text_;
  std::vector<std::string_view>* const elements_;
  size_t at_ = 0;
  size_t element_ = 0;  // where the one that is being read begins
  const char* fault_ = nullptr;
  size_t depth_ = 0;
  std::bitset<kMaxDepth> is_object_;
};

}  // namespace

std::optional<std::string> FindJsonFault(std::string_view text) { return JsonScanner(text).Scan(); }

absl::StatusOr<std::vector<std::string_view>> SplitJsonArray(std::string_view text) {
  std::vector<std::string_view> elements;
  if (auto fault = JsonScanner(text, &elements).Scan(); fault.has_value()) {
    return absl::InvalidArgumentError(*fault);
  }
  if (text[text.find_first_not_of(" \t\r\n")] != '[') {
    return absl::InvalidArgumentError("is no JSON array");
  }
  return elements;
}

std::string QuoteJson(std::string_view text) {
  std::string quoted = "\"";
  quoted.reserve(text.size() + 2);
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += absl::StrFormat("\\u%04x", static_cast<int>(c));
    } else {
      quoted += c;
    }
  }
  quoted += '"';
  return quoted;
}

}  // namespace leasehold
