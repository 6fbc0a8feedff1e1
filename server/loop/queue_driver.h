#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/loop/clock.h"
#include "server/loop/item.h"
#include "server/loop/queue_gate.h"
#include "server/queue/dispatcher.h"

namespace leasehold::loop {

// What the driver needs of whoever runs it. Called from within its methods.
class QueueDriverHost {
 public:
  virtual ~QueueDriverHost() = default;
  // Whether this leader may still tell executors what it believes: it has renewed its leadership a
  // short while ago.
  virtual bool MayDeliver() = 0;
  // Hands the request to the store of this leadership. Its answer comes as an event, later.
  virtual void Submit(queue::Submit submit) = 0;
  // For the operator.
  virtual void Notice(const queue::CronNotice& notice) = 0;
};

// Drives the dispatcher: gives it events and the database's time, and does what it wants, for calls
// and streams and in the store. Deterministic: the monotonic time is told, nothing waits, and one
// thread may use it at a time. Times that are told never run backwards.
class QueueDriver {
 public:
  QueueDriver(const queue::QueueOptions& options, queue::RandomSource random, QueueDriverHost& host)
      : host_(host), dispatcher_(options, std::move(random)) {}

  // The database's clock stood at `database_now` at the time `at`. Reset: a leadership begins.
  void ResetClock(absl::Time database_now, MonotonicTime at) { clock_.Reset(database_now, at); }
  void FollowClock(absl::Time database_now, MonotonicTime at) { clock_.Follow(database_now, at); }

  void Apply(Item&& item, MonotonicTime now);
  // Does what is wanted after the events applied. Call it when no event waits.
  void CarryOut();
  // When Apply(TimePassed) and CarryOut() are due at the latest.
  MonotonicTime NextWake(MonotonicTime now);

  // Calls that still wait are answered Draining(), and every stream ends.
  void AnswerTheRest();

  QueueStats Stats() const;
  queue::Tallies TakeTallies() { return dispatcher_.TakeTallies(); }
  const queue::Dispatcher& dispatcher() const { return dispatcher_; }

 private:
  void On(queue::Submit submit) { host_.Submit(std::move(submit)); }
  void On(queue::Send send);
  void On(queue::EndStream end);
  void On(queue::AnswerAddJobs answer);
  void On(queue::AnswerRemoveJob answer);
  void On(queue::AnswerChangeJobs answer);
  void On(queue::AnswerExecutors answer);
  void On(queue::AnswerCrons answer);
  void On(const queue::CronNotice& notice) { host_.Notice(notice); }
  void On(queue::AnswerOutcomes answer);
  void On(queue::AnswerClockMoved answer);
  void Deliver(queue::Send& send);
  void SendHeld();

  QueueDriverHost& host_;
  queue::Dispatcher dispatcher_;
  DatabaseClock clock_;
  absl::flat_hash_map<uint64_t, Item> calls_;
  absl::flat_hash_map<StreamId, std::shared_ptr<SessionStream>> streams_;
  std::deque<queue::Send> held_;  // frames of a leader that may not deliver now
};

}  // namespace leasehold::loop
