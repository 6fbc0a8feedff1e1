#include <algorithm>
#include <utility>

#include "server/base/errors.h"
#include "server/queue/session_keeper.h"

// What operators see of sessions and do to them.
namespace leasehold::queue {

void SessionKeeper::List(CallId call) {
  std::vector<ExecutorInfo> executors;
  for (const Session* session : core_.sessions.all()) {
    if (session->open) executors.push_back(InfoOf(*session));
  }
  AnswerExecutorsOf(call, std::move(executors));
}

void SessionKeeper::Sweep(CallId call, const SweepOrder& order) {
  if (!order.dry_run && (core_.draining || !core_.store_available)) {
    core_.effects.push_back(AnswerExecutors{call, core_.draining ? Draining() : DatabaseAway()});
    return;
  }
  const absl::Duration threshold = order.threshold.value_or(core_.options.session_timeout);
  OrderedSweep sweep{call, {}, {}, {}};
  for (Session* session : core_.sessions.all()) {
    if (!session->open || core_.real_now - session->last_heard < threshold) continue;
    sweep.executors.push_back(InfoOf(*session));
    if (order.dry_run) continue;
    sweep.sessions.push_back(session->number);
    for (const HeldLease* lease : core_.leases.OfSession(session->number)) {
      sweep.leases.push_back(lease->token.fencing_number);
    }
    EndLost(*session, order.recovery_delay);
  }
  sweeps_.push_back(std::move(sweep));
}

// A lease leaves the book when its end is on disk.
bool SessionKeeper::OnDisk(OrderedSweep& sweep) {
  while (!sweep.leases.empty()) {
    if (core_.leases.FindByFencingNumber(sweep.leases.back()) != nullptr) return false;
    sweep.leases.pop_back();
  }
  return std::none_of(sweep.sessions.begin(), sweep.sessions.end(),
                      [this](SessionNumber number) { return undeleted_.contains(number); });
}

void SessionKeeper::AnswerSweeps() {
  std::erase_if(sweeps_, [this](OrderedSweep& sweep) {
    if (!OnDisk(sweep)) return false;
    AnswerExecutorsOf(sweep.call, std::move(sweep.executors));
    return true;
  });
}

void SessionKeeper::RefuseWaiting(const absl::Status& status) {
  for (const OrderedSweep& sweep : std::exchange(sweeps_, {})) {
    core_.effects.push_back(AnswerExecutors{sweep.call, status});
  }
}

void SessionKeeper::AnswerExecutorsOf(CallId call, std::vector<ExecutorInfo> executors) {
  std::sort(executors.begin(), executors.end(),
            [](const ExecutorInfo& a, const ExecutorInfo& b) { return a.id < b.id; });
  core_.effects.push_back(AnswerExecutors{call, std::move(executors)});
}

ExecutorInfo SessionKeeper::InfoOf(const Session& session) {
  ExecutorInfo info;
  info.id = session.executor_id;
  info.name = session.executor_name;
  info.tasks = session.tasks;
  info.forbidden_flags = session.forbidden_flags;
  info.connected = session.stream != 0;
  info.silent = core_.real_now - session.last_heard;
  info.window = session.draining ? 0 : session.window.jobs;
  for (const HeldLease* lease : core_.leases.OfSession(session.number)) {
    if (lease->ending != nullptr) continue;
    ++info.leases;
    info.running += lease->started ? 1 : 0;
  }
  return info;
}

}  // namespace leasehold::queue
