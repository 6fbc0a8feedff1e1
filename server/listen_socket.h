#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "server/address.h"

namespace leasehold {

// A TCP socket that listens; closed with this object.
class ListenSocket {
 public:
  // Listens on `address`; port 0 takes any free one. Two servers never share a port: the second is
  // refused with FailedPrecondition, in a sentence that names `flag` as the way out.
  // InvalidArgument for a host that is unknown or not this machine's.
  static absl::StatusOr<ListenSocket> Open(const Address& address, std::string_view flag);

  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&&) = delete;
  ~ListenSocket();

  int fd() const { return fd_; }  // non-blocking
  int port() const { return port_; }

 private:
  ListenSocket(int fd, int port) : fd_(fd), port_(port) {}

  int fd_;
  int port_;
};

}  // namespace leasehold
