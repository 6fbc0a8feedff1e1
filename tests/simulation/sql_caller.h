#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "server/job/job.h"
#include "tests/simulation/producer.h"

namespace leasehold::simulation {

// A program that changes jobs by SQL, one transaction after another. At READ COMMITTED it sees what
// stands when it has locked the row. Above, it decides by what it saw when it began: a row that
// has changed meanwhile is a failure to serialize, but a fresh lease changes no row.
class SqlCaller final : public Process {
 public:
  SqlCaller(const ServerStore::Surroundings& around, std::string name, const JobHabits& habits,
            double only_locks, std::function<void()> notify, uint64_t& last_payload);

  void Start(absl::Duration interval);
  void Stop() { stopped_ = true; }
  bool idle() const { return !under_way_; }

 private:
  enum class What { kAdd, kRemove, kComplete, kFail, kReschedule, kRevive, kUnlock, kOnlyLock };
  struct Transaction {
    What what = What::kAdd;
    bool snapshot = false;  // above READ COMMITTED
    NewJob job;
    JobId new_id = 0;
    JobId id = 0;  // the row that it changes; 0: none
    Job seen;      // as it stood in the snapshot
    bool seen_leased = false;
    uint64_t crashes = 0;
  };

  void Begin();
  void FindRow(Transaction& transaction);
  // Once nobody else has locked the row.
  void Lock(Transaction transaction);
  void Commit(const Transaction& transaction);
  void Add(const Transaction& transaction, Job* job);
  void Change(const Transaction& transaction, Job& job);
  void Over(JobId locked);

  const ServerStore::Surroundings around_;
  const JobHabits& habits_;
  const double only_locks_;
  const std::function<void()> notify_;
  uint64_t& last_payload_;
  bool stopped_ = false;
  bool under_way_ = false;
};

}  // namespace leasehold::simulation
