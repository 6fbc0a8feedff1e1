#include <algorithm>
#include <utility>

#include "tests/rpc/fake_gate.h"

// What operators ask.
namespace leasehold::rpc {

void FakeGate::ChangeJobs(JobChange change, std::optional<RequestKey>,
                          std::function<void(absl::StatusOr<std::vector<JobId>>)> done) {
  Post([this, change = std::move(change), done = std::move(done)] {
    std::optional<absl::Status> answer;
    {
      MutexLock lock(mu_);
      last_change_ = change;
      answer = answer_;
    }
    if (answer.has_value()) return done(*answer);
    std::vector<JobId> ids = change.ids;
    if (change.kind == JobChange::Kind::kUnlock) ids = {8, 9};
    std::sort(ids.begin(), ids.end());
    done(std::move(ids));
  });
}

void FakeGate::ListExecutors(
    std::function<void(absl::StatusOr<std::vector<queue::ExecutorInfo>>)> done) {
  SweepExecutors({.threshold = {}, .recovery_delay = {}, .dry_run = true}, std::move(done));
}

void FakeGate::SweepExecutors(
    queue::SweepOrder order,
    std::function<void(absl::StatusOr<std::vector<queue::ExecutorInfo>>)> done) {
  Post([this, order, done = std::move(done)] {
    std::vector<queue::ExecutorInfo> executors;
    {
      MutexLock lock(mu_);
      last_sweep_ = order;
      executors = executors_;
    }
    done(std::move(executors));
  });
}

// There are the queues q0 to q4.
void FakeGate::ListQueues(
    std::string after, int limit,
    std::function<void(absl::StatusOr<std::vector<store::QueueCounts>>)> done) {
  Post([after = std::move(after), limit, done = std::move(done)] {
    std::vector<store::QueueCounts> queues;
    for (int i = 0; i < 5; ++i) {
      store::QueueCounts queue;
      queue.name = "q" + std::to_string(i);
      queue.jobs.ready = i;
      queue.jobs.failed = 1;
      if (i == 1) {
        queue.locked_at = absl::FromUnixSeconds(7);
        queue.locked_by = "executor-1";
      }
      if (queue.name > after && static_cast<int>(queues.size()) < limit) {
        queues.push_back(std::move(queue));
      }
    }
    done(std::move(queues));
  });
}

// Of the tasks b and d there are jobs.
void FakeGate::ListTasks(int,
                         std::function<void(absl::StatusOr<std::vector<store::TaskCounts>>)> done) {
  Post([done = std::move(done)] {
    std::vector<store::TaskCounts> tasks(2);
    tasks[0].name = "b";
    tasks[0].jobs.scheduled = 4;
    tasks[1].name = "d";
    done(std::move(tasks));
  });
}

void FakeGate::CleanUp(store::CleanUpPage page,
                       std::function<void(absl::StatusOr<store::CleanedUp>)> done) {
  Post([this, page, done = std::move(done)] {
    {
      MutexLock lock(mu_);
      last_clean_up_ = page;
    }
    store::CleanedUp cleaned;
    cleaned.deleted = 3;
    if (page.after == 0) cleaned.last = 77;
    done(cleaned);
  });
}

void FakeGate::AddExecutor(queue::ExecutorInfo executor) {
  MutexLock lock(mu_);
  executors_.push_back(std::move(executor));
}

std::optional<JobChange> FakeGate::last_change() const {
  MutexLock lock(mu_);
  return last_change_;
}

std::optional<queue::SweepOrder> FakeGate::last_sweep() const {
  MutexLock lock(mu_);
  return last_sweep_;
}

std::optional<store::CleanUpPage> FakeGate::last_clean_up() const {
  MutexLock lock(mu_);
  return last_clean_up_;
}

}  // namespace leasehold::rpc
