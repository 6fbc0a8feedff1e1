#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/queue/callers.h"
#include "server/queue/core.h"

namespace leasehold::queue {

// Changes what may be there already: adds and removes jobs by key, changes them by id; each call in
// a transaction of its own, tried again while somebody holds a row.
class Changer {
 public:
  Changer(Core& core, Callers& callers) : core_(core), callers_(callers) {}

  void Add(AddJobsCalled call);
  void Remove(RemoveJobCalled call);
  void Change(ChangeJobsCalled call);

  // Submits what can be submitted now.
  void Flush();
  absl::Time next_wake() const;
  bool idle() const { return waiting_.empty() && in_flight_ == 0; }
  // The store is away, or the leadership over: all that waits is told so.
  void RefuseWaiting(const absl::Status& status);

 private:
  struct Call {
    CallId call = 0;
    Callers::Kind kind = Callers::Kind::kAdd;
    std::optional<RequestKey> request;
    StoreRequest store_request;
    int64_t size = 1;  // jobs, or ids, that it names
    int tries = 0;
    absl::Time again_at = absl::InfinitePast();
  };

  absl::Status Refusal() const;
  void Wait(Call call);
  void Submit(Call call);
  void Answered(Call call, const absl::Status& status, StoreAnswer& answer);
  void TryAgain(Call call);
  std::vector<JobId> Apply(AddKeyedJobsAnswer& added);
  std::vector<JobId> Apply(RemoveJobAnswer& removed);
  std::vector<JobId> Apply(ChangeJobsAnswer& changed);
  void Answer(const Call& call, const absl::StatusOr<std::vector<JobId>>& ids);

  Core& core_;
  Callers& callers_;
  std::deque<Call> waiting_;
  int64_t waiting_size_ = 0;
  int in_flight_ = 0;
};

}  // namespace leasehold::queue
