#include "server/loop/queue_loop.h"

#include <sys/random.h>

#include <cstdlib>
#include <utility>
#include <variant>

namespace leasehold::loop {
namespace {

constexpr absl::Duration kPublicationInterval = absl::Milliseconds(100);

double SecondsBetween(MonotonicTime from, MonotonicTime to) {
  return std::chrono::duration<double>(to - from).count();
}

// How many jobs a request is about, where that says how well they are batched.
struct BatchOf {
  const char* operation = nullptr;
  size_t jobs = 0;
};

struct BatchVisitor {
  BatchOf operator()(const AddJobs& request) const { return {"add_jobs", request.jobs.size()}; }
  BatchOf operator()(const LeaseJobs& request) const { return {"lease_jobs", request.jobs.size()}; }
  BatchOf operator()(const RecordOutcomes& request) const {
    return {"record_outcomes", request.completes.size() + request.updates.size()};
  }
  BatchOf operator()(const RunCronTicks& request) const {
    return {"run_cron_ticks", request.ticks.size()};
  }
  BatchOf operator()(const auto&) const { return {}; }
};

uint64_t SystemRandom() {
  thread_local uint64_t pool[64];
  thread_local size_t left = 0;
  if (left == 0) {
    if (getrandom(pool, sizeof(pool), 0) != static_cast<ssize_t>(sizeof(pool))) std::abort();
    left = std::size(pool);
  }
  return pool[--left];
}

}  // namespace

QueueLoop::QueueLoop(Options options, LoopObserver& observer)
    : options_(std::move(options)),
      observer_(observer),
      events_(options_.event_capacity),
      driver_(options_.queue, SystemRandom, *this) {}

QueueLoop::~QueueLoop() { Stop(); }

void QueueLoop::Start() {
  thread_ = std::thread([this] { Run(); });
}

void QueueLoop::Lead(std::shared_ptr<store::JobStore> store, queue::Led led,
                     absl::Time database_now, MonotonicTime at) {
  {
    MutexLock lock(mu_);
    told_store_ = std::move(store);
    told_now_ = database_now;
    told_at_ = at;
  }
  events_.Push({led});
}

void QueueLoop::FollowClock(absl::Time database_now, MonotonicTime at) {
  {
    MutexLock lock(mu_);
    told_now_ = database_now;
    told_at_ = at;
  }
  events_.Push({queue::TimePassed{}});
}

void QueueLoop::UseCrontab(std::vector<CronEntry> entries) {
  events_.Push({queue::CrontabRead{std::move(entries)}});
}

void QueueLoop::Drain() {
  {
    MutexLock lock(mu_);
    draining_ = true;
    drained_ = false;
  }
  events_.Push({queue::DrainBegun{}});
}

bool QueueLoop::WaitUntilDrained(absl::Duration timeout) {
  const MonotonicTime until = MonotonicNow() + absl::ToChronoNanoseconds(timeout);
  MutexLock lock(mu_);
  while (!drained_) {
    if (changed_.wait_until(mu_, until) == std::cv_status::timeout) return drained_;
  }
  return true;
}

void QueueLoop::Stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  events_.Push({queue::TimePassed{}});
  thread_.join();
}

void QueueLoop::Run() {
  while (!stopping_) {
    std::vector<Item> items = events_.Pop(driver_.NextWake(MonotonicNow()));
    const MonotonicTime began = MonotonicNow();
    for (const Item& item : items) {
      times_.event_wait_seconds.push_back(SecondsBetween(item.came_at, began));
    }
    if (items.empty()) driver_.Apply({queue::TimePassed{}}, began);
    for (Item& item : items) Apply(std::move(item));
    driver_.CarryOut();
    times_.busy_seconds += SecondsBetween(began, MonotonicNow());
    Publish();
  }
  for (Item& item : events_.Pop(MonotonicNow())) Apply(std::move(item));
  driver_.AnswerTheRest();
}

void QueueLoop::Apply(Item&& item) {
  if (std::holds_alternative<queue::Led>(item.event)) {
    MutexLock lock(mu_);
    store_ = told_store_;
    driver_.ResetClock(told_now_, told_at_);
  } else if (std::holds_alternative<queue::TimePassed>(item.event)) {
    MutexLock lock(mu_);
    driver_.FollowClock(told_now_, told_at_);
  }
  driver_.Apply(std::move(item), MonotonicNow());
}

void QueueLoop::Submit(queue::Submit submit) {
  const BatchOf batch = std::visit(BatchVisitor(), submit.request);
  const MonotonicTime began = MonotonicNow();
  store_->Submit(std::move(submit.request), [this, batch, began, ticket = submit.ticket](
                                                absl::Status status, StoreAnswer answer) {
    if (batch.operation != nullptr) {
      observer_.StoreAnswered(batch.operation, batch.jobs, SecondsBetween(began, MonotonicNow()));
    }
    events_.Push({queue::StoreAnswered{ticket, std::move(status), std::move(answer)}});
  });
}

void QueueLoop::Publish() {
  const QueueStats stats = driver_.Stats();
  {
    MutexLock lock(mu_);
    stats_ = stats;
    if (draining_ && driver_.dispatcher().drained()) drained_ = true;
  }
  changed_.notify_all();
  const MonotonicTime now = MonotonicNow();
  // Who leads is told at once: nothing may happen here for long afterwards.
  if (now < next_publication_ && stats.epoch == published_epoch_) return;
  published_epoch_ = stats.epoch;
  next_publication_ = now + absl::ToChronoNanoseconds(kPublicationInterval);
  observer_.Observe(driver_.TakeTallies(), stats, times_);
  times_.event_wait_seconds.clear();
  times_.busy_seconds = 0;
}

}  // namespace leasehold::loop
