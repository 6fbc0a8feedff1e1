#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "client/cpp/session_types.h"

namespace leasehold::client {

enum class LeaseState {
  // Held here; no handler thread may take it yet.
  kWaiting,
  // Handler threads may take it, or have taken it and not said so yet.
  kOffered,
  // As good as running: reported as started.
  kStarted,
  // Its handler has ended; the outcome waits for its record.
  kEnded,
  // The server has taken it back while its handler may run; the result will not count.
  kLost,
};

struct Lease {
  const std::string& token() const { return job->lease_token(); }

  std::shared_ptr<const v1::LeasedJob> job;
  LeaseState state = LeaseState::kWaiting;
  // A `started` frame has named it.
  bool announced = false;
  // The server wants it back.
  bool recalled = false;
  // The server refused to take its outcome once already.
  bool refused = false;
};

// The leases of this process, and which of them wait for a handler.
class LeaseBook {
 public:
  bool empty() const { return leases_.empty(); }
  size_t size() const { return leases_.size(); }
  // In the order of their arrival. The pointers hold until a lease is added or erased.
  std::vector<std::pair<JobHandle, Lease*>> InOrder();
  bool AnyNotEnded() const;

  // As waiting, behind the others.
  JobHandle Add(std::shared_ptr<const v1::LeasedJob> job);
  // Null if there is none. It holds until a lease is added.
  Lease* Find(JobHandle handle);
  void Erase(JobHandle handle) { leases_.erase(handle); }

  // Those of the tokens that are here, oldest first.
  std::vector<JobHandle> FindTokens(const std::unordered_set<std::string>& tokens);

  // All in which this process has an interest: what it names when it resumes its session.
  std::vector<std::string> HeldTokens();

  // The one that has waited longest becomes `state`; nothing if none waits.
  std::optional<HeldJob> TakeWaiting(LeaseState state);
  bool AnyWaiting() { return NextWaiting() != nullptr; }
  // They wait again, before all others, in the order given.
  void WaitAgain(const std::vector<HeldJob>& jobs);

 private:
  // The one that has waited longest; drops those before it that do not wait any more.
  Lease* NextWaiting();

  absl::flat_hash_map<JobHandle, Lease> leases_;
  // Some may have left in the meantime.
  std::deque<JobHandle> waiting_;
  JobHandle last_handle_ = 0;
};

}  // namespace leasehold::client
