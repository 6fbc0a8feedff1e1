#pragma once

#include <functional>
#include <thread>

#include "server/rpc/listen_sockets.h"
#include "server/rpc/owned_fd.h"

namespace leasehold::rpc {

// Accepts connections on a thread of its own and hands them on. gRPC's own listener stops for good
// once the process has run out of file descriptors; this one waits and goes on.
class Acceptor {
 public:
  // Takes over an accepted connection: non-blocking, close-on-exec, without Nagle's delay.
  using Take = std::function<void(int listener_fd, int fd)>;

  // With about `max_connections` open, or few file descriptors left, a new one is closed at once.
  Acceptor(ListenSockets sockets, int max_connections, Take take);
  // Accepts no more and closes the listening sockets.
  ~Acceptor();

  int port() const { return sockets_.port; }

 private:
  enum class Accepted { kAll, kOutOfFiles };

  void Loop();
  Accepted AcceptAll(int listener_fd);

  ListenSockets sockets_;
  const int fd_limit_;
  const Take take_;
  OwnedFd stop_;  // an eventfd
  bool full_ = false;
  std::thread thread_;
};

// Lets this process open as many files as it may at all.
void RaiseFileLimit();

}  // namespace leasehold::rpc
