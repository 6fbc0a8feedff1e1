#include "server/rpc/listen_sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_format.h"

namespace leasehold::rpc {
namespace {

constexpr int kBacklog = 4096;

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

absl::StatusOr<Addresses> Resolve(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "host \"%s\" is not known (%s): give an address of this machine to --listen", host,
        gai_strerror(error)));
  }
  return Addresses(found, &freeaddrinfo);
}

absl::Status CannotListen(const std::string& host, int port, int error) {
  const std::string where = absl::StrFormat("%s port %d", host, port);
  switch (error) {
    case EADDRINUSE:
      return absl::AlreadyExistsError(absl::StrFormat(
          "%s is in use by another program: stop that, or choose another port with --listen",
          where));
    case EADDRNOTAVAIL:
      return absl::InvalidArgumentError(
          absl::StrFormat("%s is no address of this machine: give one that is to --listen", where));
    case EACCES:
      return absl::PermissionDeniedError(absl::StrFormat(
          "%s may not be opened by this user: choose a port above 1023 with --listen", where));
    default:
      return absl::UnavailableError(absl::StrFormat("cannot listen at %s (%s): change --listen",
                                                    where, std::strerror(error)));
  }
}

void SetPort(sockaddr* address, int port) {
  const in_port_t wire = htons(static_cast<uint16_t>(port));
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = wire;
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = wire;
  }
}

int PortOf(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

// The socket, or an errno.
struct Opened {
  OwnedFd fd;
  int error = 0;
};

Opened Open(const addrinfo& address, bool ipv4_too) {
  OwnedFd fd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return {{}, errno};
  const int on = 1;
  // For a quick restart; it does not let two servers share the port, as SO_REUSEPORT would.
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.ai_family == AF_INET6) {
    const int only = ipv4_too ? 0 : 1;
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
  }
  if (bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0) return {{}, errno};
  if (listen(fd.get(), kBacklog) != 0) return {{}, errno};
  return {std::move(fd), 0};
}

}  // namespace

absl::StatusOr<ListenSockets> Listen(const std::string& host, int port) {
  auto addresses = Resolve(host, port);
  if (!addresses.ok()) return addresses.status();

  ListenSockets sockets;
  sockets.port = port;
  int error = 0;
  for (addrinfo* address = addresses->get(); address != nullptr; address = address->ai_next) {
    SetPort(address->ai_addr, sockets.port);
    Opened opened = Open(*address, host == "::");
    if (opened.error == 0) {
      sockets.port = PortOf(opened.fd.get());
      sockets.fds.push_back(std::move(opened.fd));
    } else if (opened.error == EADDRINUSE && port != 0) {
      return CannotListen(host, port, opened.error);
    } else {
      error = opened.error;
    }
  }
  if (sockets.fds.empty()) return CannotListen(host, port, error);
  return sockets;
}

}  // namespace leasehold::rpc
