#include "server/address.h"

#include <charconv>

#include "absl/strings/str_format.h"

namespace leasehold {
namespace {

absl::Status Malformed(std::string_view text, std::string_view fault) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "address \"%s\" %s: write host:port, for example 127.0.0.1:7411 or [::1]:7411", text, fault));
}

bool IsHostByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

bool IsIpv6Byte(char c) { return IsHostByte(c) || c == ':' || c == '%'; }

}  // namespace

absl::StatusOr<Address> ParseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Malformed(text, "has no port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);

  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return Malformed(text, "is IPv6 without brackets");
  }
  if (host.empty()) return Malformed(text, "has no host");
  for (const char c : host) {
    if (!(bracketed ? IsIpv6Byte(c) : IsHostByte(c))) return Malformed(text, "has a bad host");
  }

  int port = -1;
  const char* end = port_text.data() + port_text.size();
  const auto [rest, error] = std::from_chars(port_text.data(), end, port);
  if (error != std::errc() || rest != end || port < 0 || port > 65535) {
    return Malformed(text, "has a port that is not a number from 0 to 65535");
  }
  return Address{.host = std::string(host), .port = port};
}

std::string FormatAddress(const Address& address) {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  if (ipv6) return absl::StrFormat("[%s]:%d", address.host, address.port);
  return absl::StrFormat("%s:%d", address.host, address.port);
}

bool IsWildcard(const Address& address) {
  return address.host == "0.0.0.0" || address.host == "::";
}

bool IsLoopback(const Address& address) {
  return address.host == "localhost" || address.host == "::1" || address.host.starts_with("127.");
}

}  // namespace leasehold
