#pragma once

#include <memory>
#include <thread>

#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/cluster/replica.h"

namespace leasehold::cluster {

// The thread of a Replica.
class Leadership {
 public:
  Leadership(Replica::Options options, LeadershipObserver& observer, Replica::Connect connect);
  ~Leadership();

  void Start();
  // Another server may have said something. From any thread, also before Start().
  void LookNow();
  // Drains, gives the leadership up and does not take it again; goes on following. Returns when
  // this server does not lead, or, false, after `timeout`.
  bool Yield(absl::Duration timeout);
  // Gives the leadership up, if it is not yet: another may take it at once. Ends the thread.
  void Stop();

  // From any thread.
  bool leads() const { return replica_.leads(); }
  bool MayDeliver() const { return replica_.MayDeliver(); }
  void EpochRaised(uint64_t epoch) { replica_.EpochRaised(epoch); }
  void Deposed();

 private:
  // What other threads asked for.
  struct Wishes {
    bool look = false;
    bool deposed = false;
    bool yield = false;
    bool stop = false;
  };

  void Run();
  Wishes Wait(absl::Duration duration);
  void Wish(bool Wishes::*what);

  Replica replica_;

  Mutex mu_;
  CondVar changed_;
  Wishes wishes_ GUARDED_BY(mu_);
  bool leads_ GUARDED_BY(mu_) = false;  // as of the last step
  std::thread thread_;
};

}  // namespace leasehold::cluster
