#include "server/loop/queue_loop.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "server/base/errors.h"

namespace leasehold::loop {
namespace {

constexpr absl::Duration kPublicationInterval = absl::Milliseconds(100);
constexpr absl::Duration kHeldFramesInterval = absl::Milliseconds(20);

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
      dispatcher_(options_.queue, SystemRandom) {}

QueueLoop::~QueueLoop() { Stop(); }

void QueueLoop::Start() {
  thread_ = std::thread([this] { Run(); });
}

void QueueLoop::Lead(std::shared_ptr<store::JobStore> store, uint64_t epoch,
                     absl::Time database_now, MonotonicTime at) {
  {
    MutexLock lock(mu_);
    told_store_ = std::move(store);
    told_now_ = database_now;
    told_at_ = at;
  }
  events_.Push({queue::Led{epoch}});
}

void QueueLoop::FollowClock(absl::Time database_now, MonotonicTime at) {
  {
    MutexLock lock(mu_);
    told_now_ = database_now;
    told_at_ = at;
  }
  events_.Push({queue::TimePassed{}});
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
    std::vector<Item> items = events_.Pop(NextWake());
    const MonotonicTime began = MonotonicNow();
    for (const Item& item : items) {
      times_.event_wait_seconds.push_back(SecondsBetween(item.came_at, began));
    }
    if (items.empty()) dispatcher_.Apply(queue::TimePassed{}, clock_.Now());
    for (Item& item : items) Apply(std::move(item));
    SendHeld();
    for (queue::Effect& effect : dispatcher_.TakeEffects()) Execute(std::move(effect));
    times_.busy_seconds += SecondsBetween(began, MonotonicNow());
    Publish();
  }
  AnswerTheRest();
}

MonotonicTime QueueLoop::NextWake() {
  MonotonicTime wake = clock_.At(dispatcher_.WakeAt());
  if (!held_.empty()) {
    wake = std::min(wake, MonotonicNow() + absl::ToChronoNanoseconds(kHeldFramesInterval));
  }
  return wake;
}

void QueueLoop::Apply(Item item) {
  if (std::holds_alternative<queue::Led>(item.event)) {
    MutexLock lock(mu_);
    store_ = told_store_;
    clock_.Reset(told_now_, told_at_);
  } else if (std::holds_alternative<queue::TimePassed>(item.event)) {
    MutexLock lock(mu_);
    clock_.Follow(told_now_, told_at_);
  } else if (const auto* opened = std::get_if<queue::StreamOpened>(&item.event)) {
    streams_[opened->stream] = std::move(item.stream);
  } else if (const auto* ended = std::get_if<queue::StreamEnded>(&item.event)) {
    streams_.erase(ended->stream);
  }
  queue::Event event = std::move(item.event);
  const auto remember = [this, &item](uint64_t call) { calls_[call] = std::move(item); };
  if (const auto* add = std::get_if<queue::AddJobsCalled>(&event)) {
    remember(add->call);
  } else if (const auto* remove = std::get_if<queue::RemoveJobCalled>(&event)) {
    remember(remove->call);
  } else if (const auto* report = std::get_if<queue::OutcomesReported>(&event)) {
    remember(report->call);
  }
  dispatcher_.Apply(std::move(event), clock_.Now());
}

void QueueLoop::Execute(queue::Effect effect) {
  std::visit([this](auto& e) { On(std::move(e)); }, effect);
}

void QueueLoop::On(queue::Submit submit) {
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

// A leader that may have been deposed says nothing until it knows; later frames must not overtake.
void QueueLoop::On(queue::Send send) {
  if (!held_.empty() || !options_.may_deliver()) {
    held_.push_back(std::move(send));
    return;
  }
  Deliver(send);
}

void QueueLoop::SendHeld() {
  while (!held_.empty() && options_.may_deliver()) {
    Deliver(held_.front());
    held_.pop_front();
  }
}

void QueueLoop::Deliver(queue::Send& send) {
  const auto stream = streams_.find(send.stream);
  if (stream != streams_.end()) stream->second->Send(std::move(send.frame));
}

void QueueLoop::On(queue::EndStream end) {
  const auto stream = streams_.find(end.stream);
  if (stream == streams_.end()) return;
  std::erase_if(held_, [&end](const queue::Send& send) { return send.stream == end.stream; });
  stream->second->End(std::move(end.status));
  streams_.erase(stream);
}

void QueueLoop::On(queue::AnswerAddJobs answer) {
  auto call = calls_.extract(answer.call);
  if (!call.empty()) call.mapped().added(std::move(answer.ids));
}

void QueueLoop::On(queue::AnswerRemoveJob answer) {
  auto call = calls_.extract(answer.call);
  if (!call.empty()) call.mapped().removed(std::move(answer.id));
}

// That an outcome is recorded comes from the database; that a lease is lost, from memory alone. A
// leader that may have been deposed cannot know it: the next one may have granted the lease.
void QueueLoop::On(queue::AnswerOutcomes answer) {
  if (answer.results.ok() && !options_.may_deliver() &&
      std::ranges::count(*answer.results, OutcomeResult::kLeaseLost) > 0) {
    answer.results = NoLeader();
  }
  auto call = calls_.extract(answer.call);
  if (!call.empty()) call.mapped().reported(std::move(answer.results));
}

void QueueLoop::Publish() {
  const queue::Leader* leader = dispatcher_.leader();
  QueueStats stats;
  if (leader != nullptr) {
    const queue::Totals& totals = leader->core.totals;
    stats.epoch = leader->core.loaded ? leader->core.epoch : 0;
    stats.added = totals.added;
    stats.leased = totals.leased;
    stats.completed = totals.completed;
    stats.failed_attempts = totals.failed_attempts;
    stats.released = totals.released;
    stats.swept = totals.swept;
    stats.lease_lost = totals.lease_lost;
    stats.repeated_requests = totals.repeated_requests;
    stats.sessions = static_cast<int64_t>(leader->core.sessions.size());
    stats.connected_sessions = static_cast<int64_t>(leader->core.sessions.connected());
    stats.leases = static_cast<int64_t>(leader->core.leases.size());
    stats.window_corrections = totals.window_corrections;
    stats.sweeps = totals.sweeps;
  }
  {
    MutexLock lock(mu_);
    stats_ = stats;
    if (draining_ && dispatcher_.drained()) drained_ = true;
  }
  changed_.notify_all();
  const MonotonicTime now = MonotonicNow();
  // Who leads is told at once: nothing may happen here for long afterwards.
  if (now < next_publication_ && stats.epoch == published_epoch_) return;
  published_epoch_ = stats.epoch;
  next_publication_ = now + absl::ToChronoNanoseconds(kPublicationInterval);
  observer_.Observe(dispatcher_.TakeTallies(), stats, times_);
  times_.event_wait_seconds.clear();
  times_.busy_seconds = 0;
}

void QueueLoop::AnswerTheRest() {
  for (Item& item : events_.Pop(MonotonicNow())) Apply(std::move(item));
  for (auto& [id, call] : calls_) {
    if (call.added) call.added(Draining());
    if (call.removed) call.removed(Draining());
    if (call.reported) call.reported(Draining());
  }
  calls_.clear();
  for (auto& [id, stream] : streams_) stream->End(Draining());
  streams_.clear();
}

}  // namespace leasehold::loop
