#include "server/admin/deadline_stream.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace leasehold::admin {
namespace {

using Name = int (*)(int, sockaddr*, socklen_t*);

void GetName(int fd, Name name_of, std::string& ip, int& port) {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  auto* address = reinterpret_cast<sockaddr*>(&name);
  char host[NI_MAXHOST];
  char service[NI_MAXSERV];
  if (name_of(fd, address, &size) != 0 ||
      getnameinfo(address, size, host, sizeof(host), service, sizeof(service),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return;
  }
  ip = host;
  port = std::stoi(service);
}

}  // namespace

bool DeadlineStream::WaitFor(short events) const {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    pollfd waited[] = {{.fd = fd_, .events = events, .revents = 0},
                       {.fd = stop_fd_, .events = POLLIN, .revents = 0}};
    const int ready = poll(waited, 2, static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0 && waited[1].revents == 0;
  }
}

bool DeadlineStream::is_readable() const { return WaitFor(POLLIN); }

bool DeadlineStream::is_writable() const { return WaitFor(POLLOUT); }

ssize_t DeadlineStream::read(char* data, size_t size) {
  if (!WaitFor(POLLIN)) return -1;
  return recv(fd_, data, size, MSG_DONTWAIT);
}

// Writes all of it: a caller here does not repeat what was written in part.
ssize_t DeadlineStream::write(const char* data, size_t size) {
  size_t written = 0;
  while (written < size) {
    if (!WaitFor(POLLOUT)) return -1;
    const ssize_t part = send(fd_, data + written, size - written, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (part < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (part < 0) return -1;
    written += static_cast<size_t>(part);
  }
  return static_cast<ssize_t>(written);
}

void DeadlineStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  GetName(fd_, getpeername, ip, port);
}

void DeadlineStream::get_local_ip_and_port(std::string& ip, int& port) const {
  GetName(fd_, getsockname, ip, port);
}

}  // namespace leasehold::admin
