#include "server/redact.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace leasehold {
namespace {

constexpr std::string_view kHidden = "***";

// A percent sign in a key may spell "password" in another way.
bool IsSecretKey(std::string_view key) {
  const std::string lower = absl::AsciiStrToLower(std::string(key));
  return lower.find("password") != std::string::npos || lower.find('%') != std::string::npos;
}

// Hides the secret of user:secret@host. The last @ counts: a password may hold unescaped ones.
std::string RedactUserInfo(std::string_view text) {
  const size_t at = text.rfind('@');
  const size_t colon = text.find(':');
  if (at == std::string_view::npos || colon > at) return std::string(text);
  std::string redacted(text.substr(0, colon + 1));
  return redacted.append(kHidden).append(text.substr(at));
}

std::string RedactUrl(std::string_view url, size_t scheme_end) {
  const std::string rest = RedactUserInfo(url.substr(scheme_end));
  size_t parameter = std::min(rest.find('?'), rest.size());
  std::string redacted(url.substr(0, scheme_end));
  redacted.append(rest, 0, parameter);
  while (parameter < rest.size()) {
    const size_t next = std::min(rest.find('&', parameter + 1), rest.size());
    const std::string_view text = std::string_view(rest).substr(parameter, next - parameter);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos && IsSecretKey(text.substr(0, equals))) {
      redacted.append(text.substr(0, equals + 1)).append(kHidden);
    } else {
      redacted += text;
    }
    parameter = next;
  }
  return redacted;
}

// Where the value that begins at `begin` ends: at a space, or behind the closing quote.
size_t EndOfValue(std::string_view text, size_t begin) {
  const bool quoted = begin < text.size() && text[begin] == '\'';
  for (size_t i = begin + (quoted ? 1 : 0); i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (quoted && text[i] == '\'') {
      return i + 1;
    } else if (!quoted && absl::ascii_isspace(text[i])) {
      return i;
    }
  }
  return text.size();
}

std::string RedactPairs(std::string_view text) {
  std::string redacted;
  size_t copied = 0;
  for (size_t i = 0; i < text.size();) {
    const size_t equals = text.find('=', i);
    if (equals == std::string_view::npos) break;
    size_t value = equals + 1;
    while (value < text.size() && absl::ascii_isspace(text[value])) ++value;
    const size_t end = EndOfValue(text, value);
    if (IsSecretKey(text.substr(i, equals - i))) {
      redacted.append(text.substr(copied, equals + 1 - copied)).append(kHidden);
      copied = end;
    }
    i = end;
  }
  return redacted.append(text.substr(copied));
}

}  // namespace

std::string RedactPasswords(std::string_view conninfo) {
  const size_t scheme = conninfo.find("://");
  const size_t equals = conninfo.find('=');
  if (scheme != std::string_view::npos && scheme < equals) return RedactUrl(conninfo, scheme + 3);
  return RedactPairs(conninfo);
}

}  // namespace leasehold
