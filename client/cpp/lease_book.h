#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

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
  std::string token;
  std::string job_id;
  std::string task;
  int attempt = 0;
  LeaseState state = LeaseState::kWaiting;
  // A `started` frame has named it.
  bool announced = false;
  // The server wants it back.
  bool recalled = false;
  // The server refused to take its outcome once already.
  bool refused = false;
  // While it waits.
  std::unique_ptr<v1::LeasedJob> job;
};

// The leases of this process in the order of their arrival, and which of them wait for a handler.
class LeaseBook {
 public:
  using Leases = std::map<JobHandle, Lease>;

  bool empty() const { return leases_.empty(); }
  size_t size() const { return leases_.size(); }
  Leases& all() { return leases_; }

  // As waiting, behind the others.
  JobHandle Add(std::unique_ptr<v1::LeasedJob> job);
  // Null if there is none.
  Lease* Find(JobHandle handle);
  void Erase(JobHandle handle) { leases_.erase(handle); }

  // Those of the tokens that are here, oldest first.
  std::vector<JobHandle> FindTokens(const std::unordered_set<std::string>& tokens) const;

  // All in which this process has an interest: what it names when it resumes its session.
  std::vector<std::string> HeldTokens() const;

  // The one that has waited longest becomes `state`; nothing if none waits.
  std::optional<HeldJob> TakeWaiting(LeaseState state);
  bool AnyWaiting();
  // They wait again, before all others, in the order given.
  void WaitAgain(std::vector<HeldJob> jobs);

 private:
  // Drops those from the front of waiting_ that do not wait any more.
  void TrimWaiting();

  Leases leases_;
  // Some may have left in the meantime.
  std::deque<JobHandle> waiting_;
  JobHandle last_handle_ = 0;
};

}  // namespace leasehold::client
