#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/rpc/leader_link.h"

namespace leasehold::rpc {

// This server's own queue.
struct Here {};

// Who answers a call: this server, the leader elsewhere, or nobody, with the error.
using Destination = std::variant<Here, std::shared_ptr<LeaderLink>, absl::Status>;

// Where calls go. While it is not known who leads, or the leader cannot be reached, calls wait for
// that, up to two seconds: a change of leaders costs them no error.
//
// Thread-safe. Has a thread, which sleeps while nothing waits.
class Route {
 public:
  explicit Route(size_t max_waiting = 100'000);
  ~Route();

  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;

  // ---- who leads. Calls and streams forwarded to an earlier leader end.
  void LeadHere();
  void Follow(uint64_t epoch, const std::string& address);
  // Nobody is known to.
  void FollowNobody();
  // The server stops: whatever waits, and whatever comes, is refused.
  void Close(const absl::Status& status);

  bool here() const { return here_; }

  // Calls `decided` once: now, or later on another thread. A call that was forwarded before is not
  // forwarded again.
  void Ask(bool forwarded_before, std::function<void(const Destination&)> decided);

  // Waits, at most so long, until no call waits.
  void Settle(absl::Duration timeout);

  // Whether calls are answered or forwarded: not when it was not known for two seconds where to.
  absl::Status Ready();

 private:
  using Clock = std::chrono::steady_clock;

  struct Waiting {
    bool forwarded_before = false;
    Clock::time_point until;
    std::function<void(const Destination&)> decided;
  };
  struct Decided {
    Waiting call;
    Destination destination;
  };

  void Run();
  // What can be decided now; the rest still waits.
  std::vector<Decided> TakeDecided() REQUIRES(mu_);
  std::optional<Destination> Decide(bool forwarded_before) REQUIRES(mu_);
  bool LinkIsReady() REQUIRES(mu_);
  void Change(bool here, std::shared_ptr<LeaderLink> link);

  const size_t max_waiting_;
  std::atomic<bool> here_{false};

  Mutex mu_;
  CondVar changed_;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::optional<absl::Status> closed_ GUARDED_BY(mu_);
  std::shared_ptr<LeaderLink> link_ GUARDED_BY(mu_);       // of the leader elsewhere
  std::shared_ptr<LeaderLink> last_link_ GUARDED_BY(mu_);  // it is cut when another leads
  // Since when it is not known where calls go; empty while it is.
  std::optional<Clock::time_point> lost_since_ GUARDED_BY(mu_) = Clock::now();
  bool ever_known_ GUARDED_BY(mu_) = false;
  std::vector<Waiting> waiting_ GUARDED_BY(mu_);
  CondVar settled_;
  std::thread thread_;
};

}  // namespace leasehold::rpc
