#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/cluster/watched.h"
#include "server/store/leadership_store.h"

namespace leasehold::cluster {

// The server that leads, as another sees it.
struct LeaderSeen {
  uint64_t epoch = 0;
  std::string server_id;
  std::string address;

  bool operator==(const LeaderSeen&) const = default;
};

// How a leadership begins.
struct Begun {
  uint64_t epoch = 0;
  // Where the database's clock stood, and when.
  absl::Time database_now;
  MonotonicTime at;
  // PostgreSQL is on another timeline than when the leadership before began.
  bool timeline_changed = false;
};

// Told by Replica::Step. May take its time, but a leader that takes more than the TTL loses the
// leadership.
class LeadershipObserver {
 public:
  virtual ~LeadershipObserver() = default;
  // This server has raised the epoch. An error gives the leadership up again.
  virtual absl::Status BeginLeading(const Begun& begun) = 0;
  // Where the database's clock stands meanwhile.
  virtual void FollowClock(absl::Time database_now, MonotonicTime at) = 0;
  // The leadership is to be given up: nothing more is leased or added.
  virtual void BeginDrain() = 0;
  // Everything acknowledged is on disk and nothing is under way.
  virtual bool Drained() = 0;
  // This server leads no longer: another does, or may.
  virtual void EndLeading() = 0;
  // Another server leads, or, without a server id, none that is known. Told when it changes, while
  // this server does not lead.
  virtual void Follow(const LeaderSeen& leader) = 0;
  // Called each second. Returns how many executors' streams this server has.
  virtual int Beat() = 0;
};

// One server's part in the leadership: takes it when nobody has it, renews it, knows when it is
// over, yields it to who asks, and otherwise watches who has it. Another's leadership is over when
// its renewals have not moved for the TTL on this machine's monotonic clock, or when its session
// lock is free: then its connections are ended and the epoch is raised.
//
// No thread, no clock of its own: Step() does what is due. For one thread, but for what says
// otherwise.
class Replica {
 public:
  struct Options {
    std::string server_id;
    store::ServerRow row;
    // The newest breaking migration that this server was built with.
    int newest_breaking = 0;
    absl::Duration ttl = absl::Seconds(5);
    absl::Duration renewal_interval = absl::Seconds(1);
    absl::Duration poll_interval = absl::Milliseconds(200);
    // Its database is thrown away: nobody is warned that it does not keep what it commits.
    bool keeps_nothing = false;
    // What is under way is waited for no longer than this before the leadership is yielded.
    absl::Duration drain_time = absl::Seconds(2);
  };
  // Null: the database cannot be reached now.
  using Connect = std::function<std::unique_ptr<store::LeadershipStore>()>;
  using Now = std::function<MonotonicTime()>;

  Replica(Options options, LeadershipObserver& observer, Connect connect, Now now);

  // Looks and acts; returns after how long it wants to be called again at the latest.
  absl::Duration Step();

  // Whatever it knows may be old: the next step looks at the database.
  void LookNow() { next_renewal_ = {}; }
  // The store was refused: another has raised the epoch.
  void Deposed();
  // Drains, gives the leadership up so that another has it at once, and does not lead again. Done
  // when leads() is false.
  void Yield();
  // The same at once, without draining, and takes itself off the list of servers.
  void Leave();

  // From any thread.
  bool leads() const { return epoch_ != 0; }
  // Whether the last renewal began less than the TTL, less a second, ago: nobody else leads yet.
  bool MayDeliver() const;
  // The store has raised the epoch of this leadership after a lost connection.
  void EpochRaised(uint64_t epoch) { epoch_ = epoch; }

 private:
  bool Reconnect();
  bool TryLock();
  void BeginDrain();
  absl::Duration Lead();
  void Renew();
  absl::Duration DrainAndYield();
  void CheckWhoAsks(const store::Renewal& renewal);
  void CheckEpoch();
  absl::Duration Follow();
  void Tell(const store::Leadership& seen, MonotonicTime asked);
  bool MayTakeOver(const store::Leadership& seen, MonotonicTime asked);
  absl::Duration TakeOver(const store::Leadership& seen);
  absl::Duration Begin(uint64_t epoch, MonotonicTime began);
  void Renewed(MonotonicTime began);
  void StepDown();

  const Options options_;
  LeadershipObserver& observer_;
  const Connect connect_;
  const Now now_;

  std::atomic<uint64_t> epoch_{0};  // 0: does not lead
  std::atomic<int64_t> last_renewal_ns_{0};

  std::unique_ptr<store::LeadershipStore> store_;
  bool locked_ = false;  // this connection holds the leader's lock
  bool yielded_ = false;
  Watched leader_;
  Watched asker_;
  LeaderSeen told_;
  MonotonicTime next_renewal_ = {};
  // Of a takeover: the epoch whose leader's connections were ended, and the tries since to lock.
  uint64_t ending_ = 0;
  int lock_tries_ = 0;
  bool draining_ = false;
  MonotonicTime drain_until_ = {};
};

}  // namespace leasehold::cluster
