#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/queue/callers.h"
#include "server/queue/core.h"
#include "server/queue/cron_book.h"
#include "server/queue/cron_keeper.h"

namespace leasehold::queue {

// What programs and operators ask of crons: one call after the other, each in a transaction of its
// own, tried again while somebody holds a row.
class CronChanger {
 public:
  CronChanger(Core& core, CronBook& book, CronKeeper& keeper)
      : core_(core), book_(book), keeper_(keeper) {}

  void List(const ListCronsCalled& call);
  void Change(ChangeCronsCalled call);
  // The job that the cron adds if it is run now. kNotFound.
  absl::StatusOr<NewJob> JobNow(const std::string& identifier) const;

  // Submits what can be submitted now.
  void Flush();
  absl::Time next_wake() const;
  bool idle() const { return waiting_.empty() && !in_flight_; }
  // The store is away, or the leadership over: all that waits is told so.
  void RefuseWaiting(const absl::Status& status);

 private:
  // What a call comes to, decided when its turn comes.
  struct Plan {
    ChangeCrons request;
    std::set<std::string> named;
    std::vector<std::string> removed;
  };

  absl::StatusOr<Plan> PlanOf(const CronChange& change) const;
  absl::Status PlanEntries(const CronChange& change, Plan& plan) const;
  void PlanEntry(const CronEntry& entry, const std::string& source, Plan& plan) const;
  absl::Status PlanPause(const std::string& identifier, bool paused, Plan& plan) const;
  absl::Status PlanRemoval(const std::string& identifier, Plan& plan) const;
  bool IsBusy(const Plan& plan) const;
  void Submit(Plan plan);
  void Answered(const Plan& plan, const absl::Status& status);
  void Hold(const Plan& plan);
  void Release();
  void Apply(const Plan& plan);
  void Answer(const absl::StatusOr<CronsChanged>& crons);
  absl::StatusOr<CronsChanged> Report(const Plan& plan) const;

  Core& core_;
  CronBook& book_;
  CronKeeper& keeper_;
  // The first is under way or waits for its turn.
  std::deque<ChangeCronsCalled> waiting_;
  bool in_flight_ = false;
  // The crons that it keeps from all else meanwhile.
  std::vector<std::string> held_;
  int tries_ = 0;
  absl::Time again_at_ = absl::InfinitePast();
};

}  // namespace leasehold::queue
