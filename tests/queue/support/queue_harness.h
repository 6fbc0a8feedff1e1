#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/queue/dispatcher.h"
#include "tests/queue/support/fake_store.h"
#include "tests/queue/support/tables.h"

namespace leasehold::fake {

// Where frames to one stream go, and the news that it is over.
class StreamEnd {
 public:
  virtual ~StreamEnd() = default;
  virtual void Read(const queue::ServerFrame& frame, absl::Time now) = 0;
  virtual void Ended(const absl::Status& status) = 0;
  // When it next sends a heartbeat.
  virtual absl::Time NextBeat() const = 0;
  virtual void Beat() = 0;
};

// One server's queue between a store, streams and callers, with a clock that stands still unless
// the test moves it. Notes in the tables' `violations` when the queue wants to be woken in the
// past: its thread would spin.
class QueueHarness {
 public:
  QueueHarness(Tables& tables, queue::QueueOptions options, uint64_t seed);

  // ---- the loop
  // Applies an event and does not look at what it wants yet, as the loop when more events wait.
  void Apply(queue::Event event);
  // Does what the queue wants, and answers for the store until nothing is left to be answered.
  void Settle();
  // One step of Settle: takes effects without answering for the store.
  void TakeEffects();
  void Answer(FakeStore::Pending pending);
  void Advance(absl::Duration time) { AdvanceTo(now_ + time); }
  void AdvanceTo(absl::Time time);
  // To the moment at which the queue next wants to be woken.
  void AdvanceToWake() { AdvanceTo(dispatcher_.WakeAt()); }
  // Moves the clock alone.
  void SetNow(absl::Time now) { now_ = now; }

  // ---- leadership and store; each settles
  void Lead(bool adopts = true);
  void Depose();
  void BeginDrain();
  void StoreAway();
  void StoreBack();
  void InboxFilled();

  // ---- callers; these do not settle
  queue::CallId Add(std::vector<NewJob> jobs, std::optional<RequestKey> request = std::nullopt);
  queue::CallId Add(NewJob job, std::optional<RequestKey> request = std::nullopt) {
    return Add(std::vector<NewJob>{std::move(job)}, request);
  }
  queue::CallId Remove(const std::string& key, std::optional<RequestKey> request = std::nullopt);
  queue::CallId Change(JobChange change, std::optional<RequestKey> request = std::nullopt);
  queue::CallId ListExecutors();
  queue::CallId Sweep(queue::SweepOrder order);
  queue::CallId ChangeCrons(queue::CronChange change);
  queue::CallId ListCrons(const std::string& after = "", int limit = 1000);
  queue::CallId RunCron(const std::string& identifier,
                        std::optional<RequestKey> request = std::nullopt);
  queue::CallId Report(std::vector<Outcome> outcomes);
  // Null while unanswered.
  const absl::StatusOr<std::vector<JobId>>* Added(queue::CallId call) const;
  const absl::StatusOr<JobId>* Removed(queue::CallId call) const;
  const absl::StatusOr<std::vector<JobId>>* Changed(queue::CallId call) const;
  const absl::StatusOr<std::vector<queue::ExecutorInfo>>* Executors(queue::CallId call) const;
  const absl::StatusOr<queue::CronsChanged>* Crons(queue::CallId call) const;
  const absl::StatusOr<std::vector<OutcomeResult>>* Reported(queue::CallId call) const;

  // Moves the jobs' clock and settles. Null: it was not answered at once.
  const absl::StatusOr<absl::Time>* MoveClock(absl::Duration by);
  // The same in two steps.
  queue::CallId BeginMove(absl::Duration by);
  const absl::StatusOr<absl::Time>* Moved(queue::CallId call) const;

  // ---- streams
  queue::StreamId OpenStream(StreamEnd& end, queue::OpenFrame open);
  void EndStream(queue::StreamId stream, bool visibly);

  absl::Time now() const { return now_; }
  FakeStore& store() { return store_; }
  Tables& tables() { return tables_; }
  queue::Dispatcher& dispatcher() { return dispatcher_; }
  const queue::Core& core() { return dispatcher_.leader()->core; }
  const queue::Totals& totals() { return core().totals; }
  // False: Settle() leaves what the store was asked pending, for the test to answer in any order.
  bool answers_for_store = true;
  // What the operator was told of crons.
  std::vector<queue::CronNotice> notices;

 private:
  void Do(queue::Effect effect);
  void BeatAll();

  Tables& tables_;
  FakeStore store_;
  uint64_t random_;
  queue::Dispatcher dispatcher_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  uint64_t last_call_ = 0;
  queue::StreamId last_stream_ = 0;
  std::map<queue::StreamId, StreamEnd*> streams_;
  std::map<queue::CallId, absl::StatusOr<absl::Time>> moved_;
  std::map<queue::CallId, absl::StatusOr<std::vector<JobId>>> added_;
  std::map<queue::CallId, absl::StatusOr<JobId>> removed_;
  std::map<queue::CallId, absl::StatusOr<std::vector<JobId>>> changed_;
  std::map<queue::CallId, absl::StatusOr<std::vector<queue::ExecutorInfo>>> executors_;
  std::map<queue::CallId, absl::StatusOr<queue::CronsChanged>> crons_;
  std::map<queue::CallId, absl::StatusOr<std::vector<OutcomeResult>>> reported_;
};

}  // namespace leasehold::fake
