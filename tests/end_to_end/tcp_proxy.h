#pragma once

#include <list>
#include <memory>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace leasehold::testing {

// A network that a test can break: a port of its own on the loopback, whose connections it passes
// on to `target`, a "host:port" or the path of a Unix socket.
//
// Threads: all methods may be called from any thread. What is asked for holds when they return.
class TcpProxy {
 public:
  // The target is the server, who connects is the client.
  enum Way { kToServer = 0, kToClient = 1 };

  explicit TcpProxy(std::string target);
  ~TcpProxy();

  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  // Where clients connect, "127.0.0.1:port".
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }

  // From now on new connections go to another server.
  void SetTarget(std::string target);

  // Every byte arrives so much later, in both ways.
  void Delay(absl::Duration each_way);
  // Nothing arrives any more in this way, not even that a connection has ended, as if every packet
  // were dropped: who sends notices nothing. After Heal() it arrives, as what TCP sends again.
  void Stop(Way way);
  // Stop() in both ways. New connections are taken, and hear nothing.
  void StopBoth();
  // New connections are reset at once.
  void Refuse();
  // Undoes all of these.
  void Heal();

  // Ends all connections, with RST or with FIN. What is under way in them is gone.
  void Reset() { Cut(true); }
  void Close() { Cut(false); }

  // Connections that stand.
  size_t connections() const;

 private:
  struct Faults {
    absl::Duration delay;
    bool stopped[2] = {false, false};
    bool refuse = false;
  };
  class Connection;

  void SetFaults(const Faults& faults);
  void Cut(bool reset);
  // Wakes the thread and waits until it has looked at everything.
  void AwaitTurn() REQUIRES(mu_);

  void Run();
  void Accept(const Faults& faults, const std::string& target);
  void Wait(const Faults& faults);
  void Wake() const;

  int listener_ = -1;
  int wake_ = -1;
  int port_ = 0;

  mutable Mutex mu_;
  mutable CondVar turned_;
  std::string target_ GUARDED_BY(mu_);
  Faults faults_ GUARDED_BY(mu_);
  bool ending_ GUARDED_BY(mu_) = false;
  bool cut_ GUARDED_BY(mu_) = false;
  bool cut_with_reset_ GUARDED_BY(mu_) = false;
  size_t turns_wanted_ GUARDED_BY(mu_) = 0;
  size_t turns_ GUARDED_BY(mu_) = 0;
  size_t count_ GUARDED_BY(mu_) = 0;

  std::list<Connection> connections_;  // the thread's own
  std::thread thread_;
};

}  // namespace leasehold::testing
