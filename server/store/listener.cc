#include "server/store/listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <pqxx/connection>
#include <pqxx/notification>
#include <string>
#include <utility>

#include "server/logging/log.h"
#include "server/store/connection_string.h"

namespace leasehold::store {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFirstPause(50);
constexpr std::chrono::milliseconds kLongestPause(1000);

// Outlives the receiver, which says goodbye to it.
struct OwnedConnection {
  std::unique_ptr<pqxx::connection> connection;
};

// A connection that listens on a channel.
class ListeningConnection : OwnedConnection, pqxx::notification_receiver {
 public:
  // Throws if it cannot connect.
  static std::unique_ptr<ListeningConnection> Open(const ConnectionOptions& options,
                                                   const std::string& channel) {
    const auto text = ConnectionString(options.database_url, ApplicationName(options.server_id));
    if (!text.ok()) throw pqxx::broken_connection(std::string(text.status().message()));
    auto connection = std::make_unique<pqxx::connection>(*text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
    return std::unique_ptr<ListeningConnection>(
        new ListeningConnection(std::move(connection), channel));
  }

  int socket() const { return connection->sock(); }

  // Whether notifications have come. Throws if the connection is lost.
  bool TakeNotifications() {
    notified_ = false;
    connection->get_notifs();
    if (!connection->is_open()) throw pqxx::broken_connection("closed by the server");
    return std::exchange(notified_, false);
  }

 private:
  ListeningConnection(std::unique_ptr<pqxx::connection> connected, const std::string& channel)
      : OwnedConnection{std::move(connected)},
        pqxx::notification_receiver(*OwnedConnection::connection, channel) {}

  void operator()(const std::string&, int) override { notified_ = true; }

  bool notified_ = false;
};

// Connects again, not too often.
class Reconnecting {
 public:
  Reconnecting(const ConnectionOptions& options, const std::string& channel)
      : options_(options), channel_(channel) {}

  bool connected() const { return connection_ != nullptr; }
  int socket() const { return connected() ? connection_->socket() : -1; }
  Clock::time_point next_try() const { return connected() ? Clock::time_point::max() : next_try_; }

  // True: it has just connected.
  bool TryConnect() {
    if (connected() || Clock::now() < next_try_) return false;
    return Guarded([this] {
      connection_ = ListeningConnection::Open(options_, channel_);
      pause_ = kFirstPause;
      return true;
    });
  }

  bool TakeNotifications() {
    return connected() && Guarded([this] { return connection_->TakeNotifications(); });
  }

 private:
  template <typename Call>
  bool Guarded(const Call& call) {
    try {
      return call();
    } catch (const std::exception& e) {
      Log::Debug("listener disconnected", {{"reason", e.what()}});
      connection_.reset();
      next_try_ = Clock::now() + pause_;
      pause_ = std::min(2 * pause_, kLongestPause);
      return false;
    }
  }

  const ConnectionOptions& options_;
  const std::string& channel_;
  std::unique_ptr<ListeningConnection> connection_;
  Clock::time_point next_try_;
  std::chrono::milliseconds pause_ = kFirstPause;
};

int MillisUntil(Clock::time_point time) {
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(millis, 0, 60'000));
}

}  // namespace

Listener::Listener(ConnectionOptions options, std::string channel, absl::Duration poll_interval,
                   std::function<void()> notified)
    : options_(std::move(options)),
      channel_(std::move(channel)),
      poll_interval_(poll_interval),
      notified_(std::move(notified)),
      stop_event_(eventfd(0, EFD_CLOEXEC)) {}

Listener::~Listener() {
  Stop();
  close(stop_event_);
}

void Listener::Start() {
  thread_ = std::thread([this] { Listen(); });
}

void Listener::Stop() {
  eventfd_write(stop_event_, 1);
  if (thread_.joinable()) thread_.join();
}

void Listener::Listen() {
  const auto interval = absl::ToChronoMilliseconds(poll_interval_);
  Reconnecting connection(options_, channel_);
  auto next_poll = Clock::now();
  for (;;) {
    bool filled = connection.TryConnect() || connection.TakeNotifications();
    if (filled || Clock::now() >= next_poll) {
      notified_();
      next_poll = Clock::now() + interval;
    }
    // A negative descriptor is left out.
    pollfd waits[] = {{stop_event_, POLLIN, 0}, {connection.socket(), POLLIN, 0}};
    poll(waits, 2, MillisUntil(std::min(next_poll, connection.next_try())));
    if (waits[0].revents != 0) return;
  }
}

std::string InboxChannel(std::string_view schema) { return "leasehold/" + std::string(schema); }

// A channel's name has at most 63 bytes: the longest schema leaves room for no more.
std::string LeadershipChannel(std::string_view schema) {
  return "leaseholder/" + std::string(schema);
}

}  // namespace leasehold::store
