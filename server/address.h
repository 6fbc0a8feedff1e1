#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace leasehold {

// A host and a TCP port. The host of an IPv6 address has no brackets.
struct Address {
  std::string host;
  int port = 0;

  bool operator==(const Address&) const = default;
};

// Reads `host:port`: a name, an IPv4 address or an IPv6 address in brackets (`[::1]:7411`), and a
// port from 0 (any free one) to 65535. InvalidArgument says what is wrong and how it is written.
absl::StatusOr<Address> ParseAddress(std::string_view text);

// The reverse of ParseAddress: brackets around an IPv6 host.
std::string FormatAddress(const Address& address);

// Whether it stands for every address of the machine (0.0.0.0 or [::]).
bool IsWildcard(const Address& address);
// Whether only this machine reaches it.
bool IsLoopback(const Address& address);

}  // namespace leasehold
