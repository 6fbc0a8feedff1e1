#include "server/listen_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"

namespace leasehold {
namespace {

absl::Status CannotListen(const Address& address, std::string_view flag, int error) {
  const std::string text = FormatAddress(address);
  if (error == EADDRINUSE) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s is in use by another program: stop that one, or choose another port with %s", text,
        flag));
  }
  if (error == EACCES) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "may not listen on %s: choose a port above 1023 with %s, or grant CAP_NET_BIND_SERVICE",
        text, flag));
  }
  if (error == EADDRNOTAVAIL) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s is no address of this machine: choose one that is, or 0.0.0.0 for all, with %s", text,
        flag));
  }
  return absl::InternalError(
      absl::StrFormat("cannot listen on %s (%s): %s", text, flag, strerror(error)));
}

// A listening socket's descriptor, or -1 with errno set.
int Listen(const addrinfo& where) {
  const int fd =
      socket(where.ai_family, where.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, where.ai_protocol);
  if (fd < 0) return -1;
  // Lets a restart take a port whose old connections linger. Never SO_REUSEPORT: with it two
  // servers would silently share the port.
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
      bind(fd, where.ai_addr, where.ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) {
    return fd;
  }
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

int PortOf(int fd) {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  return ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(name).sin6_port
                                          : reinterpret_cast<sockaddr_in&>(name).sin_port);
}

}  // namespace

absl::StatusOr<ListenSocket> ListenSocket::Open(const Address& address, std::string_view flag) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = absl::StrFormat("%d", address.port);
  if (const int error = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("host \"%s\" is unknown (%s): give another one with %s", address.host,
                        gai_strerror(error), flag));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  int error = 0;
  for (const addrinfo* where = found; where != nullptr; where = where->ai_next) {
    if (const int fd = Listen(*where); fd >= 0) return ListenSocket(fd, PortOf(fd));
    // A name may stand for addresses that this machine lacks: the first fault is the one to tell.
    if (error == 0) error = errno;
  }
  return CannotListen(address, flag, error);
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), port_(other.port_) {}

ListenSocket::~ListenSocket() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace leasehold
