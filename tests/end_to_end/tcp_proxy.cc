#include "tests/end_to_end/tcp_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <utility>
#include <vector>

namespace leasehold::testing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostHeld = 256 << 10;  // bytes of one way of one connection
constexpr size_t kReadAtOnce = 64 << 10;

void Must(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string(what) + ": " + strerror(errno));
}

int ConnectTo(const std::string& target) {
  sockaddr_storage address = {};
  socklen_t size = 0;
  if (target.starts_with("/")) {
    auto* local = reinterpret_cast<sockaddr_un*>(&address);
    local->sun_family = AF_UNIX;
    target.copy(local->sun_path, sizeof(local->sun_path) - 1);
    size = sizeof(*local);
  } else {
    auto* inet = reinterpret_cast<sockaddr_in*>(&address);
    inet->sin_family = AF_INET;
    inet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    inet->sin_port = htons(static_cast<uint16_t>(std::stoi(target.substr(target.rfind(':') + 1))));
    size = sizeof(*inet);
  }
  const int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 || errno == EINPROGRESS) {
    return fd;
  }
  close(fd);
  return -1;
}

void EndWithReset(int fd) {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(fd);
}

void SendAtOnce(int fd) {
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));  // fails on a Unix socket: no matter
}

// Bytes on their way from one socket to the other, and that the first has ended.
class Flow {
 public:
  Flow(int from, int to) : from_(from), to_(to) {}

  bool ended() const { return end_passed_; }
  bool WantsToRead() const { return !end_read_ && held_ < kMostHeld; }
  bool WantsToWrite(Clock::time_point now) const {
    return !chunks_.empty() && chunks_.front().due <= now;
  }
  // When there is something to write; max() for nothing.
  Clock::time_point due() const {
    return chunks_.empty() ? Clock::time_point::max() : chunks_.front().due;
  }

  // False if the connection is broken.
  bool Read(absl::Duration delay) {
    char buffer[kReadAtOnce];
    const ssize_t size = recv(from_, buffer, sizeof(buffer), 0);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    chunks_.push_back({.due = Clock::now() + absl::ToChronoNanoseconds(delay),
                       .bytes = std::string(buffer, static_cast<size_t>(size))});
    held_ += static_cast<size_t>(size);
    end_read_ = size == 0;
    return true;
  }

  bool Write(Clock::time_point now) {
    while (WantsToWrite(now)) {
      std::string& bytes = chunks_.front().bytes;
      if (bytes.empty()) {
        shutdown(to_, SHUT_WR);
        end_passed_ = true;
      } else {
        const ssize_t size = send(to_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size < 0) return errno == EAGAIN || errno == EINTR;
        held_ -= static_cast<size_t>(size);
        bytes.erase(0, static_cast<size_t>(size));
        if (!bytes.empty()) return true;
      }
      chunks_.pop_front();
    }
    return true;
  }

 private:
  struct Chunk {
    Clock::time_point due;
    std::string bytes;  // empty: the end
  };

  const int from_;
  const int to_;
  std::deque<Chunk> chunks_;
  size_t held_ = 0;
  bool end_read_ = false;
  bool end_passed_ = false;
};

}  // namespace

class TcpProxy::Connection {
 public:
  Connection(int client, int server)
      : client_(client), server_(server), flows_{Flow(client, server), Flow(server, client)} {}
  ~Connection() {
    if (client_ >= 0) close(client_);
    if (server_ >= 0) close(server_);
  }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Reset() {
    EndWithReset(std::exchange(client_, -1));
    EndWithReset(std::exchange(server_, -1));
  }

  // Two sockets, and when something is due.
  void AddTo(std::vector<pollfd>& sockets, const Faults& faults, Clock::time_point now,
             Clock::time_point& next) const {
    short events[2] = {0, 0};
    for (const Way way : {kToServer, kToClient}) {
      const Flow& flow = flows_[way];
      if (faults.stopped[way] || broken_) continue;
      if (flow.WantsToRead()) events[way] |= POLLIN;
      if (flow.WantsToWrite(now)) {
        events[1 - way] |= POLLOUT;
      } else {
        next = std::min(next, flow.due());
      }
    }
    // poll() tells of ends unasked: it must not look where a way is stopped.
    sockets.push_back({.fd = events[0] != 0 ? client_ : -1, .events = events[0], .revents = 0});
    sockets.push_back({.fd = events[1] != 0 ? server_ : -1, .events = events[1], .revents = 0});
  }

  // False when it has ended.
  bool Move(const pollfd& client, const pollfd& server, const Faults& faults) {
    const Clock::time_point now = Clock::now();
    const short revents[2] = {client.revents, server.revents};
    for (const Way way : {kToServer, kToClient}) {
      if (faults.stopped[way] || broken_) continue;
      Flow& flow = flows_[way];
      const bool readable = (revents[way] & (POLLIN | POLLHUP | POLLERR)) != 0;
      if (flow.WantsToRead() && readable && !flow.Read(faults.delay)) broken_ = true;
      if (!broken_ && !flow.Write(now)) broken_ = true;
    }
    // A stopped way does not tell that the connection has ended.
    if (broken_) return faults.stopped[kToServer] || faults.stopped[kToClient];
    return !flows_[kToServer].ended() || !flows_[kToClient].ended();
  }

 private:
  int client_;
  int server_;
  Flow flows_[2];
  bool broken_ = false;
};

TcpProxy::TcpProxy(std::string target) : target_(std::move(target)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  Must(bind(listener_, any, size) == 0 && listen(listener_, 512) == 0, "cannot listen");
  Must(getsockname(listener_, any, &size) == 0, "no address");
  port_ = ntohs(address.sin_port);
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  Must(wake_ >= 0, "no eventfd");
  thread_ = std::thread([this] { Run(); });
}

TcpProxy::~TcpProxy() {
  {
    MutexLock lock(mu_);
    ending_ = true;
  }
  Wake();
  thread_.join();
  close(listener_);
  close(wake_);
}

void TcpProxy::SetTarget(std::string target) {
  MutexLock lock(mu_);
  target_ = std::move(target);
}

void TcpProxy::Delay(absl::Duration each_way) {
  MutexLock lock(mu_);
  faults_.delay = each_way;
  AwaitTurn();
}

void TcpProxy::Stop(Way way) {
  MutexLock lock(mu_);
  faults_.stopped[way] = true;
  AwaitTurn();
}

void TcpProxy::StopBoth() {
  MutexLock lock(mu_);
  faults_.stopped[kToServer] = faults_.stopped[kToClient] = true;
  AwaitTurn();
}

void TcpProxy::Refuse() {
  MutexLock lock(mu_);
  faults_.refuse = true;
  AwaitTurn();
}

void TcpProxy::Heal() {
  MutexLock lock(mu_);
  faults_ = {};
  AwaitTurn();
}

void TcpProxy::Cut(bool reset) {
  MutexLock lock(mu_);
  cut_ = true;
  cut_with_reset_ = reset;
  AwaitTurn();
}

size_t TcpProxy::connections() const {
  MutexLock lock(mu_);
  return count_;
}

void TcpProxy::AwaitTurn() {
  // The turn that runs now may have read the old state.
  const size_t wanted = turns_ + 2;
  turns_wanted_ = std::max(turns_wanted_, wanted);
  Wake();
  while (turns_ < wanted) turned_.wait(mu_);
}

void TcpProxy::Wake() const {
  const uint64_t one = 1;
  static_cast<void>(!write(wake_, &one, sizeof(one)));
}

void TcpProxy::Run() {
  for (;;) {
    Faults faults;
    std::string target;
    {
      MutexLock lock(mu_);
      ++turns_;
      turned_.notify_all();
      if (ending_) break;
      if (turns_ < turns_wanted_) Wake();
      if (std::exchange(cut_, false)) {
        if (cut_with_reset_) {
          for (Connection& connection : connections_) connection.Reset();
        }
        connections_.clear();
      }
      count_ = connections_.size();
      faults = faults_;
      target = target_;
    }
    Wait(faults);
    Accept(faults, target);
  }
  connections_.clear();
}

void TcpProxy::Wait(const Faults& faults) {
  std::vector<pollfd> sockets = {{.fd = wake_, .events = POLLIN, .revents = 0},
                                 {.fd = listener_, .events = POLLIN, .revents = 0}};
  const Clock::time_point now = Clock::now();
  Clock::time_point next = Clock::time_point::max();
  for (const Connection& connection : connections_) {
    connection.AddTo(sockets, faults, now, next);
  }
  int timeout = -1;
  if (next != Clock::time_point::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
    timeout = static_cast<int>(std::max<int64_t>(0, left.count()));
  }
  poll(sockets.data(), sockets.size(), timeout);
  uint64_t woken = 0;
  static_cast<void>(!read(wake_, &woken, sizeof(woken)));
  size_t i = 2;
  for (auto it = connections_.begin(); it != connections_.end(); i += 2) {
    it = it->Move(sockets[i], sockets[i + 1], faults) ? std::next(it) : connections_.erase(it);
  }
}

void TcpProxy::Accept(const Faults& faults, const std::string& target) {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = faults.refuse ? -1 : ConnectTo(target);
    if (server < 0) {
      EndWithReset(client);
      continue;
    }
    SendAtOnce(client);
    SendAtOnce(server);
    connections_.emplace_back(client, server);
  }
}

}  // namespace leasehold::testing
