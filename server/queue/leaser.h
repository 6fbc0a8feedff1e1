#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/queue/core.h"
#include "server/queue/delivery.h"
#include "server/queue/recorder.h"

namespace leasehold::queue {

// Gives ready jobs to the sessions that have room: the first job in the order of work to each in
// turn, a batch in one transaction.
class Leaser {
 public:
  Leaser(Core& core, Recorder& recorder, Delivery& delivery)
      : core_(core), recorder_(recorder), delivery_(delivery) {}

  // A session may be given jobs from now on, or no more.
  void Join(Session& session);
  void Leave(Session& session);

  void Run();
  bool idle() const { return in_flight_ == 0; }

  // Where a new job, due now, may be born leased: a session with room that has nothing due before
  // it. Null if there is none.
  Session* SessionFor(const NewJob& job);
  LeaseToken NewToken(JobId job, int activation);
  // Books leases that are in the database and sends them.
  struct Granted {
    Lease lease;
    int64_t row = 0;
    Job job;
  };
  void Grant(std::vector<Granted> granted);

  // Asks unstarted leases back that others could run now, or that have waited too long.
  void Recall();

  absl::Time next_wake() const;

 private:
  struct Pick {
    RankedJob job;
    Lease lease;
  };
  struct Locked {
    RankedJob job;
    absl::Time again_at;
  };

  void ReturnLockedJobs();
  std::vector<Session*> SessionsWithRoom();
  std::vector<Session*> SessionsWithWork(const std::vector<Session*>& sessions);
  std::vector<Pick> PickJobs(const std::vector<Session*>& sessions);
  bool PickFor(Session& session, std::vector<Pick>& picks);
  // Gives to the sessions in turn, the one of whose window the least is used first, until each
  // takes no more or there were `most`.
  template <typename Give>
  void ShareOut(const std::vector<Session*>& sessions, int most, Give give);
  bool LeaseFromWindow(const std::vector<Session*>& sessions);
  std::vector<Session*> SessionsOfWindow(const std::vector<Session*>& sessions,
                                         const Session& first, const ReadyWindow& window);
  const ReadyWindow* WindowFor(const Session& session);
  void Submit(LeaseWindow request);
  void WindowAnswered(const std::vector<std::string>& flags, const LeaseRow& leases,
                      const absl::Status& status, StoreAnswer& answer);
  void WindowLeased(const LeaseRow& leases, LeaseWindowAnswer& answer);
  void Submit(std::vector<Pick> picks);
  void Answered(std::vector<Pick> picks, int64_t row, LeaseJobsAnswer& answer);
  void Refused(const std::vector<Pick>& picks, const absl::Status& status);
  void LookAtUnleased(std::vector<RankedJob> jobs);
  void Lock(const RankedJob& job);
  void GiveBackWaiting();
  void GiveBackWaiting(Session& session);
  bool AnotherIsEmpty(const Session& waiting, const RankedJob& job) const;
  void TellIdle(const std::vector<Session*>& sessions);
  bool WantsMore(const Session& session, const RankedJob& job) const;
  bool MayBeRecalled(const HeldLease& lease) const;
  bool RoomElsewhere(const Session& holder, const RankedJob& job,
                     absl::flat_hash_map<SessionNumber, int>& room) const;

  Core& core_;
  Recorder& recorder_;
  Delivery& delivery_;
  std::map<std::string, std::vector<SessionNumber>> by_task_;
  // Of forbidden flags and tasks.
  std::map<std::pair<std::vector<std::string>, std::vector<std::string>>, int> kinds_;
  int waiting_alone_ = 0;
  absl::flat_hash_map<std::string, size_t> turn_of_task_;
  SessionNumber turn_ = 0;
  std::vector<Locked> locked_;
  absl::flat_hash_map<JobId, int> tries_;
  int in_flight_ = 0;
  // Memory and the database take turns where both have jobs for some session.
  bool turn_of_windows_ = false;
};

}  // namespace leasehold::queue
