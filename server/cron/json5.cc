#include "server/cron/json5.h"

#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/json_text.h"
#include "server/cron/text.h"

namespace leasehold {
namespace {

constexpr int kMaxDepth = 512;

constexpr std::string_view kLineSeparator = "\u2028";
constexpr std::string_view kParagraphSeparator = "\u2029";

// Blanks of more than one byte: Unicode's space separators and the byte order mark.
constexpr std::string_view kWideBlanks[] = {
    "\u00a0",
    "\u1680",
    "\u2000",
    "\u2001",
    "\u2002",
    "\u2003",
    "\u2004",
    "\u2005",
    "\u2006",
    "\u2007",
    "\u2008",
    "\u2009",
    "\u200a",
    "\u202f",
    "\u205f",
    "\u3000",
    "\ufeff",
    kLineSeparator,
    kParagraphSeparator,
};

bool IsKeyByte(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

// Of the one that `text` begins with; 0 if it does not.
size_t SizeOfWideBlank(std::string_view text) {
  if (text.empty() || static_cast<unsigned char>(text[0]) < 0x80) return 0;
  for (const std::string_view blank : kWideBlanks) {
    if (text.starts_with(blank)) return blank.size();
  }
  return 0;
}

// Reads JSON5 from left to right and writes JSON. Each method moves past what it accepts; after the
// first fault all of them answer false.
class Json5Reader {
 public:
  explicit Json5Reader(std::string_view text) : text_(text) {}

  bool ReadDocument() {
    if (!SkipBlanks()) return false;
    if (Peek() != '{') return Fail("expected an object, which begins with '{'");
    if (!ReadObject() || !SkipBlanks()) return false;
    return at_ == text_.size() || Fail("unexpected text after the object");
  }

  std::string TakeJson() { return std::move(json_); }
  TextFault TakeFault() { return std::move(fault_); }

 private:
  bool Fail(std::string_view message) { return FailAt(at_, message); }

  bool FailAt(size_t at, std::string_view message) {
    fault_ = {at, absl::StrFormat("payload is not valid JSON5: %s", message)};
    return false;
  }

  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  bool Take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool TakeBlank() {
    const size_t size = absl::ascii_isspace(Peek()) ? 1 : SizeOfWideBlank(text_.substr(at_));
    at_ += size;
    return size > 0;
  }

  bool AtKeyByte(size_t ahead = 0) const {
    return IsKeyByte(Peek(ahead)) && SizeOfWideBlank(text_.substr(at_ + ahead)) == 0;
  }

  // Comments are blanks too.
  bool SkipBlanks() {
    while (true) {
      const size_t begin = at_;
      if (Take("/*")) {
        const size_t end = text_.find("*/", at_);
        if (end == std::string_view::npos) return FailAt(begin, "the comment has no end");
        at_ = end + 2;
      } else if (Take("//")) {
        while (at_ < text_.size() && Peek() != '\n' && Peek() != '\r') ++at_;
      } else if (!TakeBlank()) {
        return true;
      }
    }
  }

  bool ReadValue() {
    switch (Peek()) {
      case '{':
        return ReadObject();
      case '[':
        return ReadArray();
      case '"':
      case '\'':
        return ReadString(json_);
      default:
        return ReadWord() || (fault_.message.empty() && ReadNumber());
    }
  }

  // true, false, null; false without a fault if it is something else.
  bool ReadWord() {
    size_t size = 0;
    while (AtKeyByte(size)) ++size;
    const std::string_view word = text_.substr(at_, size);
    if (word == "true" || word == "false" || word == "null") {
      json_ += word;
      at_ += size;
      return true;
    }
    if (word.empty() || absl::ascii_isdigit(word[0])) return false;
    if (word == "NaN" || word == "Infinity") {
      return Fail(absl::StrFormat("%s is no number that JSON knows", word));
    }
    return Fail(absl::StrFormat("'%s' is no value: a text needs quotes", word));
  }

  bool ReadObject() {
    if (!Open("{")) return false;
    const bool root = depth_ == 1;
    while (true) {
      if (!SkipBlanks()) return false;
      if (Take("}")) return Close('}');
      const size_t before = json_.size();
      if (json_.back() != '{') json_ += ',';
      const size_t key = json_.size();
      if (!ReadKey() || !SkipBlanks()) return false;
      const bool ours = root && std::string_view(json_).substr(key) == "\"_cron\"";
      if (!Take(":")) return Fail("expected ':'");
      json_ += ':';
      if (!SkipBlanks() || !ReadValue()) return false;
      if (ours) json_.resize(before);
      if (!AfterElement('}')) return false;
    }
  }

  bool ReadArray() {
    if (!Open("[")) return false;
    while (true) {
      if (!SkipBlanks()) return false;
      if (Take("]")) return Close(']');
      if (json_.back() != '[') json_ += ',';
      if (!ReadValue() || !AfterElement(']')) return false;
    }
  }

  bool Open(std::string_view bracket) {
    if (depth_ == kMaxDepth) return Fail("nested deeper than 512 levels");
    ++depth_;
    at_ += bracket.size();
    json_ += bracket;
    return true;
  }

  bool Close(char bracket) {
    --depth_;
    json_ += bracket;
    return true;
  }

  // A comma, or the bracket that is left to be read.
  bool AfterElement(char bracket) {
    if (!SkipBlanks()) return false;
    if (Take(",") || Peek() == bracket) return true;
    return Fail(absl::StrFormat("expected ',' or '%c'", bracket));
  }

  bool ReadKey() {
    if (Peek() == '"' || Peek() == '\'') return ReadString(json_);
    if (absl::ascii_isdigit(Peek())) return Fail("a key that begins with a digit needs quotes");
    json_ += '"';
    const size_t begin = at_;
    while (AtKeyByte() || Peek() == '\\') {
      if (Peek() != '\\') {
        json_ += text_[at_++];
        continue;
      }
      ++at_;
      if (Peek() != 'u' || !ReadEscape(json_)) return FailAt(begin, "bad escape in a key");
    }
    json_ += '"';
    return at_ > begin || Fail("expected a key or '}'");
  }

  bool ReadString(std::string& json) {
    const size_t begin = at_;
    const char quote = text_[at_++];
    json += '"';
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == quote) {
        json += '"';
        return true;
      }
      if (c == '\n' || c == '\r') break;
      if (c != '\\') {
        AppendByte(json, c);
      } else if (!ReadEscape(json)) {
        return false;
      }
    }
    return FailAt(begin, "the text has no closing quote");
  }

  // What follows a backslash.
  bool ReadEscape(std::string& json) {
    static constexpr std::string_view kLetters = "bfnrtv0";
    static constexpr std::string_view kMeanings("\b\f\n\r\t\v\0", 7);
    const char c = Peek();
    if (c == 'u') return ReadHexEscape(json, 4);
    if (c == 'x') return ReadHexEscape(json, 2);
    if (at_ == text_.size()) return Fail("the text has no closing quote");
    if (absl::ascii_isdigit(c) && (c != '0' || absl::ascii_isdigit(Peek(1)))) {
      return Fail("octal escapes are not known");
    }
    // An escaped end of line joins two lines.
    if (Take("\r\n") || Take("\n") || Take("\r") || Take(kLineSeparator) ||
        Take(kParagraphSeparator)) {
      return true;
    }
    ++at_;
    const size_t letter = kLetters.find(c);
    AppendByte(json, letter == std::string_view::npos ? c : kMeanings[letter]);
    return true;
  }

  bool ReadHexEscape(std::string& json, size_t digits) {
    const std::string_view hex = text_.substr(at_ + 1, digits);
    uint32_t code = 0;
    for (const char c : hex) {
      if (!absl::ascii_isxdigit(c)) return Fail("bad escape");
    }
    if (hex.size() < digits || !ReadInteger(hex, code, 16)) return Fail("bad escape");
    at_ += 1 + digits;
    if (code < 0x80) {
      AppendByte(json, static_cast<char>(code));
    } else {
      absl::StrAppendFormat(&json, "\\u%04x", code);
    }
    return true;
  }

  static void AppendByte(std::string& json, char c) {
    const std::string quoted = QuoteJson(std::string_view(&c, 1));
    json.append(quoted, 1, quoted.size() - 2);
  }

  bool ReadNumber() {
    const size_t begin = at_;
    if (Take("-")) {
      json_ += '-';
    } else {
      Take("+");
    }
    if (Take("Infinity") || Take("NaN")) {
      return FailAt(begin, absl::StrFormat("%s is no number that JSON knows",
                                           text_.substr(begin, at_ - begin)));
    }
    if (Take("0x") || Take("0X")) return ReadHexadecimal(begin);
    const size_t whole = TakeDigits();
    if (whole > 1 && text_[at_ - whole] == '0') return FailAt(begin, "a number begins with 0");
    if (whole == 0) json_ += '0';
    size_t fraction = 0;
    if (Take(".") && absl::ascii_isdigit(Peek())) {
      json_ += '.';
      fraction = TakeDigits();
    }
    if (whole + fraction == 0) return FailAt(begin, "expected a value");
    return ReadExponent(begin) && EndOfNumber(begin);
  }

  bool ReadExponent(size_t begin) {
    if (Peek() != 'e' && Peek() != 'E') return true;
    json_ += text_[at_++];
    if (Peek() == '+' || Peek() == '-') json_ += text_[at_++];
    return TakeDigits() > 0 || FailAt(begin, "bad number");
  }

  bool ReadHexadecimal(size_t begin) {
    size_t size = 0;
    while (absl::ascii_isxdigit(Peek(size))) ++size;
    uint64_t value = 0;
    if (size == 0) return FailAt(begin, "bad number");
    if (!ReadInteger(text_.substr(at_, size), value, 16)) {
      return FailAt(begin, "the hexadecimal number has more than 64 bits");
    }
    absl::StrAppend(&json_, value);
    at_ += size;
    return EndOfNumber(begin);
  }

  bool EndOfNumber(size_t begin) {
    return !(AtKeyByte() || Peek() == '.') || FailAt(begin, "bad number");
  }

  // How many there were.
  size_t TakeDigits() {
    const size_t begin = at_;
    while (absl::ascii_isdigit(Peek())) json_ += text_[at_++];
    return at_ - begin;
  }

  const std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  std::string json_;
  TextFault fault_;
};

}  // namespace

std::optional<std::string> Json5ObjectToJson(std::string_view text, TextFault& fault) {
  Json5Reader reader(text);
  if (reader.ReadDocument()) return reader.TakeJson();
  fault = reader.TakeFault();
  return std::nullopt;
}

}  // namespace leasehold
