#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/address.h"

namespace leasehold::admin {

// What the pages show. Called from the admin threads, several at once; must not block for long.
struct AdminPages {
  // Whether the process works at all: false asks for a restart.
  std::function<bool()> live;
  // OK, or why this server should get no calls now.
  std::function<absl::Status()> ready;
  // The metrics in the Prometheus text format.
  std::function<std::string()> metrics;
};

// Serves operators over HTTP: /livez and /readyz (200 or 503), /metrics, and an index at /.
//
// Each request has a connection of its own and `request_time` in all, so that a slow client holds
// one of the few threads for no longer. Further clients wait in the kernel's queue.
//
// Start and Stop are called by one thread; Stop may be called twice.
class AdminServer {
 public:
  explicit AdminServer(AdminPages pages, absl::Duration request_time = absl::Seconds(2));
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Fails with a sentence for the operator, as ListenSocket::Open does.
  absl::Status Start(const Address& address);

  // The port it listens on. Only after Start.
  int port() const;

  // Ends the threads, and with them what they are serving.
  void Stop();

 private:
  class Workers;

  const AdminPages pages_;
  const absl::Duration request_time_;
  std::unique_ptr<Workers> workers_;
};

}  // namespace leasehold::admin
