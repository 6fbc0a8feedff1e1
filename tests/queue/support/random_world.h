#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/queue/support/fake_executor.h"
#include "tests/queue/support/queue_harness.h"
#include "tests/queue/support/tables.h"

namespace leasehold::fake {

// Two servers over one database, producers, SQL callers and executors, all doing whatever the seed
// says, in any order: requests run and are answered out of order, rows are locked, streams break,
// executors die, the database goes away, the other server takes over.
class RandomWorld {
 public:
  explicit RandomWorld(uint64_t seed);

  // Does one thing.
  void Step();
  // From now on everything works, until every job has ended or an hour has passed.
  void Heal();

  // What must never be, and was.
  std::vector<std::string> Faults();
  // What was done, in order.
  const std::vector<std::string>& log() const { return log_; }
  const queue::Totals& totals() { return leader().totals(); }

 private:
  struct Worker {
    FakeExecutor* executor = nullptr;
    bool alive = true;
    std::vector<std::pair<int64_t, Outcome>> sent;  // by sequence
  };

  // ---- chance
  int Up(int below) { return static_cast<int>(random_() % static_cast<uint64_t>(below)); }
  bool OneIn(int times) { return Up(times) == 0; }
  template <typename Container>
  auto Any(Container& things) {
    return std::next(things.begin(), Up(static_cast<int>(things.size())));
  }
  NewJob AnyJob(bool keyed);
  RequestKey AnyRequest();

  // ---- steps
  void AddJobs();
  void AddOrRemoveKeyed();
  void ChangeBySql();
  void LockOrUnlock();
  void ConnectOrBreak();
  void Work();
  void FailSomething();
  void Report(Worker& worker);
  void AnswerSome();
  void LetTimePass();
  void GoAwayOrComeBack();
  void TakeOver();

  // ---- checks
  void CheckAnswers();
  void CheckConfirmed();
  void CheckQueues();
  void CheckEnd();

  QueueHarness& leader() { return *servers_[leading_]; }
  Worker& AnyWorker() { return *Any(workers_); }
  void Settle();
  void Log(std::string what) { log_.push_back(std::move(what)); }
  void Fault(std::string what) { tables_.violations.push_back(std::move(what)); }
  void AnswerEverything();

  // A third of the worlds have one task and few of the rest, so that backlogs are leased from
  // windows.
  const bool plain_;
  std::mt19937_64 random_;
  Tables tables_;
  std::vector<std::unique_ptr<QueueHarness>> servers_;
  size_t leading_ = 0;
  bool deposed_is_told_ = true;
  std::deque<FakeExecutor> executors_;
  std::vector<Worker> workers_;
  struct Call {
    size_t server = 0;
    queue::CallId id = 0;
    std::optional<RequestKey> request;
  };
  std::vector<Call> calls_;
  std::map<int, std::vector<JobId>> answers_;  // by request
  std::set<JobId> acknowledged_;
  std::vector<std::string> log_;
};

}  // namespace leasehold::fake
