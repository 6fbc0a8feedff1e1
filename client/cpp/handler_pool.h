#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client/cpp/session_types.h"
#include "server/base/mutex.h"

namespace leasehold::client {

class JobCancellation;

// The handler threads of one session, and the jobs that wait for them.
//
// Threads take one job at a time from a common queue and leave their outcomes in a common list,
// which the session's thread empties when it can send: one lock a job, no switch of threads while
// there is work.
class HandlerPool {
 public:
  // Runs a job to its end; called on the handler threads.
  using Run = std::function<v1::Outcome(const v1::LeasedJob&, JobCancellation&)>;

  // `on_news` is called once after each Collect that found nothing and asked for it. Both functions
  // are kept as long as a handler runs.
  HandlerPool(int threads, Run run, std::function<void()> on_news);
  // Waits for the threads that run no handler; those that do end after it, without effect.
  ~HandlerPool();
  HandlerPool(const HandlerPool&) = delete;
  HandlerPool& operator=(const HandlerPool&) = delete;

  void Add(std::vector<HeldJob> jobs);
  // Takes those back that no thread has taken; `handles` empty: all of them.
  std::vector<HeldJob> Withdraw(const std::vector<JobHandle>& handles);
  // Runs the callbacks of the handlers' stop tokens.
  void Cancel(const std::vector<JobHandle>& handles, const std::string& reason);

  struct News {
    // Begun since the last Collect, but for announced ones. They may be in `finished` too.
    std::vector<JobHandle> started;
    std::vector<FinishedJob> finished;
  };
  // What happened since the last one. If nothing did, the next news calls on_news.
  News Collect();

 private:
  struct Shared;
  struct Slot;

  static void Work(const std::shared_ptr<Shared>& shared, size_t index);

  // Outlives the pool as long as a handler runs.
  std::shared_ptr<Shared> shared_;
  std::vector<std::thread> threads_;
};

}  // namespace leasehold::client
