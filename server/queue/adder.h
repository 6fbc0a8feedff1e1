#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/queue/callers.h"
#include "server/queue/core.h"
#include "server/queue/leaser.h"

namespace leasehold::queue {

// Adds jobs that have no key. What comes together while a transaction is under way shares the next
// one; a job is born leased where a session has room and nothing ranks before it.
class Adder {
 public:
  Adder(Core& core, Callers& callers, Leaser& leaser)
      : core_(core), callers_(callers), leaser_(leaser) {}

  void Add(AddJobsCalled call);

  // Submits what can be submitted now.
  void Flush();
  absl::Time next_wake() const;
  bool idle() const { return waiting_.empty() && in_flight_ == 0; }
  // Ids taken in reserve are void.
  void ForgetIds() { ids_.clear(); }
  // The store is away, or the leadership over: all that waits is told so.
  void RefuseWaiting(const absl::Status& status);

 private:
  struct Call {
    CallId call = 0;
    std::vector<NewJob> jobs;
    std::optional<RequestKey> request;
    bool alone = false;  // PostgreSQL refused the batch that it was in
  };
  // A batch under way.
  struct Batch {
    struct Member {
      Call call;
      std::vector<JobId> ids;
    };
    std::vector<Member> members;
    std::vector<RankedJob> unleased;
    std::vector<std::string> due_tasks;  // of the unleased ones that are due
    std::vector<Leaser::Granted> born_leased;
  };

  absl::Status Refusal() const;
  void ReserveIds();
  bool SubmitBatch();
  std::vector<Call> TakeCalls();
  void Number(Call call, AddJobs& request, Batch& batch);
  void PlaceAll(AddJobs& request, Batch& batch);
  void Place(JobToInsert& job, AddJobs& request, Batch& batch);
  bool LeavesRoom(const Session& session) const;
  void Added(Batch batch);
  void Refused(Batch batch, const absl::Status& status);
  void Answer(const Call& call, const absl::StatusOr<std::vector<JobId>>& ids);

  Core& core_;
  Callers& callers_;
  Leaser& leaser_;
  std::deque<Call> waiting_;
  int64_t waiting_jobs_ = 0;
  std::deque<JobId> ids_;
  bool reserving_ = false;
  absl::Time reserve_again_at_ = absl::InfinitePast();  // after a failure
  int in_flight_ = 0;
  // Jobs being added, due and not born leased: they rank before what comes later.
  absl::flat_hash_map<std::string, int> due_under_way_;
};

}  // namespace leasehold::queue
