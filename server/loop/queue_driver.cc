#include "server/loop/queue_driver.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "server/base/errors.h"

namespace leasehold::loop {
namespace {

constexpr absl::Duration kHeldFramesInterval = absl::Milliseconds(20);

// The call that the event is, or 0.
uint64_t CallOf(const queue::Event& event) {
  return std::visit(
      []<typename Called>(const Called& called) -> uint64_t {
        if constexpr (requires { called.call; }) return called.call;
        return 0;
      },
      event);
}

}  // namespace

void QueueDriver::Apply(Item&& item, MonotonicTime now) {
  if (const auto* opened = std::get_if<queue::StreamOpened>(&item.event)) {
    streams_[opened->stream] = std::move(item.stream);
  } else if (const auto* ended = std::get_if<queue::StreamEnded>(&item.event)) {
    streams_.erase(ended->stream);
  }
  queue::Event event = std::move(item.event);
  if (const uint64_t call = CallOf(event); call != 0) calls_[call] = std::move(item);
  dispatcher_.Apply(std::move(event), clock_.Now(now));
}

void QueueDriver::CarryOut() {
  SendHeld();
  for (queue::Effect& effect : dispatcher_.TakeEffects()) {
    std::visit([this](auto& e) { On(std::move(e)); }, effect);
  }
}

MonotonicTime QueueDriver::NextWake(MonotonicTime now) {
  MonotonicTime wake = clock_.At(dispatcher_.WakeAt(), now);
  if (!held_.empty()) wake = std::min(wake, now + absl::ToChronoNanoseconds(kHeldFramesInterval));
  return wake;
}

// A leader that may have been deposed says nothing until it knows; later frames must not overtake.
void QueueDriver::On(queue::Send send) {
  if (!held_.empty() || !host_.MayDeliver()) {
    held_.push_back(std::move(send));
    return;
  }
  Deliver(send);
}

void QueueDriver::SendHeld() {
  while (!held_.empty() && host_.MayDeliver()) {
    Deliver(held_.front());
    held_.pop_front();
  }
}

void QueueDriver::Deliver(queue::Send& send) {
  const auto stream = streams_.find(send.stream);
  if (stream != streams_.end()) stream->second->Send(std::move(send.frame));
}

void QueueDriver::On(queue::EndStream end) {
  const auto stream = streams_.find(end.stream);
  if (stream == streams_.end()) return;
  std::erase_if(held_, [&end](const queue::Send& send) { return send.stream == end.stream; });
  stream->second->End(std::move(end.status));
  streams_.erase(stream);
}

void QueueDriver::On(queue::AnswerAddJobs answer) {
  auto call = calls_.extract(answer.call);
  if (!call.empty()) call.mapped().added(std::move(answer.ids));
}

void QueueDriver::On(queue::AnswerRemoveJob answer) {
  auto call = calls_.extract(answer.call);
  if (!call.empty()) call.mapped().removed(std::move(answer.id));
}

void QueueDriver::On(queue::AnswerChangeJobs answer) {
  auto call = calls_.extract(answer.call);
  if (!call.empty()) call.mapped().changed(std::move(answer.ids));
}

// Who is there, and for how long silent, comes from memory alone.
void QueueDriver::On(queue::AnswerExecutors answer) {
  if (answer.executors.ok() && !host_.MayDeliver()) answer.executors = NoLeader();
  auto call = calls_.extract(answer.call);
  if (!call.empty()) call.mapped().executors(std::move(answer.executors));
}

// What a list says comes from memory alone. What was changed is on disk; changing it again is
// harmless.
void QueueDriver::On(queue::AnswerCrons answer) {
  if (answer.crons.ok() && !host_.MayDeliver()) answer.crons = NoLeader();
  auto call = calls_.extract(answer.call);
  if (!call.empty()) call.mapped().crons(std::move(answer.crons));
}

// That an outcome is recorded comes from the database; that a lease is lost, from memory alone. A
// leader that may have been deposed cannot know it: the next one may have granted the lease.
void QueueDriver::On(queue::AnswerOutcomes answer) {
  if (answer.results.ok() && !host_.MayDeliver() &&
      std::ranges::count(*answer.results, OutcomeResult::kLeaseLost) > 0) {
    answer.results = NoLeader();
  }
  auto call = calls_.extract(answer.call);
  if (!call.empty()) call.mapped().reported(std::move(answer.results));
}

void QueueDriver::On(queue::AnswerClockMoved answer) {
  auto call = calls_.extract(answer.call);
  if (!call.empty()) call.mapped().moved(answer.now);
}

void QueueDriver::AnswerTheRest() {
  for (auto& [id, call] : calls_) {
    if (call.added) call.added(Draining());
    if (call.removed) call.removed(Draining());
    if (call.changed) call.changed(Draining());
    if (call.executors) call.executors(Draining());
    if (call.crons) call.crons(Draining());
    if (call.reported) call.reported(Draining());
    if (call.moved) call.moved(Draining());
  }
  calls_.clear();
  for (auto& [id, stream] : streams_) stream->End(Draining());
  streams_.clear();
}

QueueStats QueueDriver::Stats() const {
  QueueStats stats;
  const queue::Leader* leader = dispatcher_.leader();
  if (leader == nullptr) return stats;
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
  stats.cron_ticks_added = totals.cron_ticks_added;
  stats.cron_ticks_skipped = totals.cron_ticks_skipped;
  return stats;
}

}  // namespace leasehold::loop
