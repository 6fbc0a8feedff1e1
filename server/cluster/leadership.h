#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/store/leadership_store.h"

namespace leasehold::cluster {

// Told from the leadership thread; may take its time.
class LeadershipObserver {
 public:
  virtual ~LeadershipObserver() = default;
  // This server has raised the epoch; the database's clock stood at `database_now` at the time
  // `at`. An error gives the leadership up again.
  virtual absl::Status BeginLeading(uint64_t epoch, absl::Time database_now,
                                    std::chrono::steady_clock::time_point at) = 0;
  // Where the database's clock stands meanwhile.
  virtual void FollowClock(absl::Time database_now, std::chrono::steady_clock::time_point at) = 0;
  // Another server leads, or may.
  virtual void EndLeading() = 0;
};

// Takes the leadership when nobody has it, renews it, and knows when it is over. Another's
// leadership is over when its renewals have not moved for the TTL on this machine's monotonic
// clock, or when its session lock is free: then its connections are ended and the epoch is raised.
class Leadership {
 public:
  struct Options {
    store::ConnectionOptions connection;
    std::string address;
    std::string version;
    absl::Duration ttl = absl::Seconds(5);
    absl::Duration renewal_interval = absl::Seconds(1);
    absl::Duration poll_interval = absl::Milliseconds(200);
  };

  Leadership(Options options, LeadershipObserver& observer);
  ~Leadership();

  void Start();
  // Gives the leadership up: another may take it at once.
  void Stop();

  bool leads() const { return epoch_ != 0; }

  // Whether the last renewal began less than the TTL, less a second, ago: nobody else leads yet.
  bool MayDeliver() const;

  // The store has raised the epoch of this leadership after a lost connection.
  void EpochRaised(uint64_t epoch) { epoch_ = epoch; }
  // The store was refused: another has raised the epoch.
  void Deposed();

 private:
  using Clock = std::chrono::steady_clock;

  void Run();
  // Waits, unless there is something to do sooner. False: stop.
  bool Wait(absl::Duration duration);
  bool Connect();
  bool TryLock();
  void Follow();
  bool MayTakeOver(const store::Leadership& seen);
  void TakeOver(const store::Leadership& seen);
  void Renew();
  void StepDown();
  void Renewed(Clock::time_point began);

  const Options options_;
  LeadershipObserver& observer_;

  std::atomic<uint64_t> epoch_{0};  // 0: does not lead
  std::atomic<int64_t> last_renewal_ns_{0};

  // Only the leadership thread touches these.
  std::unique_ptr<store::LeadershipStore> store_;
  bool locked_ = false;  // this connection holds the leader's lock
  store::Leadership watched_;
  Clock::time_point watched_since_;

  Mutex mu_;
  CondVar changed_;
  bool stopping_ GUARDED_BY(mu_) = false;
  bool deposed_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace leasehold::cluster
