#include "server/admin/admin_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "httplib.h"
#include "server/admin/deadline_stream.h"
#include "server/listen_socket.h"
#include "server/logging/log.h"
#include "server/logging/log_limit.h"

namespace leasehold::admin {
namespace {

constexpr int kThreads = 4;
constexpr int kPauseMillisecondsAfterError = 100;
constexpr std::chrono::seconds kLogInterval(10);
constexpr size_t kLargestBody = 64 * 1024;

constexpr char kText[] = "text/plain; charset=utf-8";
constexpr char kIndex[] =
    "leasehold-server\n"
    "\n"
    "/livez    200 while the process works\n"
    "/readyz   200 while it takes calls, else 503 and why not\n"
    "/metrics  counters in the Prometheus text format\n";

// cpp-httplib's routing, without its sockets and threads.
class Router : public httplib::Server {
 public:
  explicit Router(const AdminPages& pages) {
    set_payload_max_length(kLargestBody);
    Get("/", [](const auto&, auto& response) { response.set_content(kIndex, kText); });
    Get("/livez", [&pages](const auto&, auto& response) {
      Answer(response,
             pages.live() ? absl::OkStatus() : absl::InternalError("the server is stuck"));
    });
    Get("/readyz", [&pages](const auto&, auto& response) { Answer(response, pages.ready()); });
    Get("/metrics", [&pages](const auto&, auto& response) {
      response.set_content(pages.metrics(), "text/plain; version=0.0.4; charset=utf-8");
    });
    set_error_handler([](const auto& request, auto& response) {
      if (!response.body.empty()) return;
      response.set_content(absl::StrFormat("%d: no page for %s here; / lists them\n",
                                           response.status, request.method),
                           kText);
    });
  }

  // Answers one request.
  void Serve(DeadlineStream& stream) {
    bool closed = false;
    process_request(stream, /*close_connection=*/true, closed, nullptr);
  }

 private:
  static void Answer(httplib::Response& response, const absl::Status& status) {
    response.status = status.ok() ? 200 : 503;
    const std::string reason(status.message());
    response.set_content(status.ok() ? "ok\n" : reason + "\n", kText);
  }
};

}  // namespace

// The threads. All accept from one socket, so that no queue is needed between them.
class AdminServer::Workers {
 public:
  Workers(const AdminPages& pages, absl::Duration request_time, ListenSocket socket)
      : router_(pages),
        request_time_(absl::ToChronoMilliseconds(request_time)),
        socket_(std::move(socket)),
        stop_fd_(eventfd(0, EFD_CLOEXEC)) {
    // Signals are for other threads: new ones inherit the mask.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { AcceptUntilStopped(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  ~Workers() {
    // Nobody reads it: it stays readable for every thread.
    eventfd_write(stop_fd_, 1);
    threads_.clear();
    close(stop_fd_);
  }

  int port() const { return socket_.port(); }

 private:
  void AcceptUntilStopped() {
    for (;;) {
      pollfd waited[] = {{.fd = socket_.fd(), .events = POLLIN, .revents = 0},
                         {.fd = stop_fd_, .events = POLLIN, .revents = 0}};
      poll(waited, 2, -1);
      if (waited[1].revents != 0) return;
      const int fd = accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) {
        Serve(fd);
      } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        // Out of descriptors or memory: the connection stays in the queue until there are some.
        const int error = errno;
        if (const auto held_back = log_limit_.Admit()) {
          Log::Warning("admin port cannot accept connections",
                       {{"error", strerror(error)}, {"held_back", *held_back}});
        }
        poll(&waited[1], 1, kPauseMillisecondsAfterError);
      }
    }
  }

  void Serve(int fd) {
    DeadlineStream stream(fd, stop_fd_, std::chrono::steady_clock::now() + request_time_);
    router_.Serve(stream);
    shutdown(fd, SHUT_RDWR);
    close(fd);
  }

  Router router_;
  const std::chrono::milliseconds request_time_;
  const ListenSocket socket_;
  const int stop_fd_;
  LogLimit log_limit_{kLogInterval};
  std::vector<std::jthread> threads_;
};

AdminServer::AdminServer(AdminPages pages, absl::Duration request_time)
    : pages_(std::move(pages)), request_time_(request_time) {}

AdminServer::~AdminServer() { Stop(); }

absl::Status AdminServer::Start(const Address& address) {
  absl::StatusOr<ListenSocket> socket = ListenSocket::Open(address, "--admin-listen");
  if (!socket.ok()) return socket.status();
  workers_ = std::make_unique<Workers>(pages_, request_time_, *std::move(socket));
  return absl::OkStatus();
}

int AdminServer::port() const { return workers_->port(); }

void AdminServer::Stop() { workers_.reset(); }

}  // namespace leasehold::admin
