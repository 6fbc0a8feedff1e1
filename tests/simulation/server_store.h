#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "server/queue/effect.h"
#include "tests/queue/support/fake_store.h"
#include "tests/simulation/database.h"
#include "tests/simulation/oracle.h"
#include "tests/simulation/process.h"

namespace leasehold::simulation {

// How commits go wrong, and how often.
struct StoreFaults {
  double slow = 0;
  double refused = 0;
  // The connection ends after the commit and before its answer.
  double answer_lost = 0;
  // The database crashes right after it committed leases asynchronously.
  double crash_after_lease = 0;
  std::function<void()> crash;
};

// One leadership's way to the database, as server/store has it: a few connections, each with one
// transaction at a time. A write whose connection is lost is in doubt: after the epoch was raised
// the journal tells whether it was done, and if not it runs again. Shared, since what the database
// runs goes on without the server.
class ServerStore : public std::enable_shared_from_this<ServerStore> {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void StoreAnswered(uint64_t ticket, absl::Status status, StoreAnswer answer) = 0;
    virtual void StoreAway() = 0;
    virtual void StoreBack(uint64_t epoch) = 0;
    virtual void Deposed() = 0;
  };
  struct Surroundings {
    Timeline& timeline;
    Chance& chance;
    Story& story;
    Database& database;
    Oracle& oracle;
    const StoreFaults& faults;
  };

  // `observer` belongs to `process`.
  ServerStore(const Surroundings& around, std::weak_ptr<Process> process, Observer& observer,
              uint64_t epoch, int connections);

  // False: the database cannot be reached.
  bool Start();
  void Submit(queue::Submit submit);
  // Connected, as far as anybody knows.
  bool present() const {
    return state_ == State::kPresent && around_.database.connected(connection_);
  }
  // The leadership is over: nothing more is told.
  void Stop();

 private:
  enum class State { kPresent, kAway, kSettling, kOver };

  void BeginNext();
  // In the database.
  void Run(uint64_t ticket, uint64_t backends);
  bool Connect();
  // In the process.
  void Answered(uint64_t ticket, uint64_t connections);
  void Tell(uint64_t ticket);
  void Lost();
  void Recover();
  void Settle();
  void Depose();
  void RefuseRest(const absl::Status& status);
  size_t Find(uint64_t ticket) const;
  template <typename Work>
  void Later(absl::Duration time, Work work);
  absl::Duration Delay();

  const Surroundings around_;
  const std::weak_ptr<Process> process_;
  Observer& observer_;
  const std::string server_id_;
  const int most_;
  uint64_t epoch_;
  fake::FakeStore store_;
  State state_ = State::kPresent;
  Database::ConnectionId connection_ = 0;
  uint64_t lost_times_ = 0;      // answers of an older connection do not come
  uint64_t backends_ended_ = 0;  // what older backends had not run never runs
  std::deque<uint64_t> waiting_;
  std::set<uint64_t> begun_;
  std::vector<uint64_t> in_doubt_;
};

}  // namespace leasehold::simulation
