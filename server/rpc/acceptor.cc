#include "server/rpc/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "server/logging/log.h"

namespace leasehold::rpc {
namespace {

constexpr int kPauseMillis = 100;

// What the process needs beside its connections: those to the database, logs, gRPC's own.
constexpr int kOtherFiles = 128;

// A new descriptor is the lowest free number: one at the limit or above means that so many are
// open. The last few stay free for the database.
int FdLimit(int max_connections) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto most = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 30));
  return std::min(max_connections + kOtherFiles, most - std::min(64, most / 4));
}

bool IsOutOfFiles(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

Acceptor::Acceptor(ListenSockets sockets, int max_connections, Take take)
    : sockets_(std::move(sockets)),
      fd_limit_(FdLimit(max_connections)),
      take_(std::move(take)),
      stop_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      thread_([this] { Loop(); }) {}

Acceptor::~Acceptor() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void Acceptor::Loop() {
  std::vector<pollfd> waits{{stop_.get(), POLLIN, 0}};
  for (const OwnedFd& fd : sockets_.fds) waits.push_back({fd.get(), POLLIN, 0});
  while (true) {
    if (poll(waits.data(), waits.size(), -1) < 0) continue;  // a signal
    if (waits[0].revents != 0) return;
    Accepted accepted = Accepted::kAll;
    for (size_t i = 1; i < waits.size(); ++i) {
      if (waits[i].revents != 0 && AcceptAll(waits[i].fd) == Accepted::kOutOfFiles) {
        accepted = Accepted::kOutOfFiles;
      }
    }
    // The connection stays in the kernel's queue: only a pause keeps this from spinning.
    if (accepted == Accepted::kOutOfFiles) poll(waits.data(), 1, kPauseMillis);
  }
}

Acceptor::Accepted Acceptor::AcceptAll(int listener_fd) {
  while (true) {
    const int fd = accept4(listener_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return Accepted::kAll;
      if (!IsOutOfFiles(errno)) continue;  // that connection has gone
      if (!std::exchange(full_, true)) {
        Log::Warning("connections wait: no file descriptor is free", {{"error", strerror(errno)}});
      }
      return Accepted::kOutOfFiles;
    }
    if (fd >= fd_limit_) {
      close(fd);
      if (!std::exchange(full_, true)) {
        Log::Warning("connections are refused: as many are open as may be",
                     {{"open_files", fd_limit_}});
      }
      continue;
    }
    full_ = false;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    take_(listener_fd, fd);
  }
}

}  // namespace leasehold::rpc
