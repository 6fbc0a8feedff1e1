#pragma once

#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/queue/adder.h"
#include "server/queue/callers.h"
#include "server/queue/changer.h"
#include "server/queue/core.h"
#include "server/queue/cron_book.h"
#include "server/queue/cron_changer.h"
#include "server/queue/cron_keeper.h"
#include "server/queue/delivery.h"
#include "server/queue/effect.h"
#include "server/queue/event.h"
#include "server/queue/lease_rows.h"
#include "server/queue/leaser.h"
#include "server/queue/options.h"
#include "server/queue/reader.h"
#include "server/queue/recorder.h"
#include "server/queue/session_keeper.h"

namespace leasehold::queue {

// All that a leader knows and does; void when its leadership ends.
struct Leader {
  Leader(const QueueOptions& options, RandomSource random)
      : core(options, std::move(random)),
        delivery(core),
        recorder(core),
        leaser(core, recorder, delivery),
        callers(core),
        adder(core, callers, leaser),
        changer(core, callers),
        reader(core),
        lease_rows(core, recorder),
        cron_keeper(core, crons),
        cron_changer(core, crons, cron_keeper),
        sessions(core, recorder, leaser, delivery) {}

  Core core;
  Delivery delivery;
  Recorder recorder;
  Leaser leaser;
  Callers callers;
  Adder adder;
  Changer changer;
  Reader reader;
  LeaseRows lease_rows;
  CronBook crons;
  CronKeeper cron_keeper;
  CronChanger cron_changer;
  SessionKeeper sessions;
};

// The queue: a deterministic state machine. Events come in with the time, effects go out; the same
// events, times and random numbers give the same effects. No I/O, no clock, no threads: one thread
// may use it at a time.
//
// `now` is the database's time and never runs backwards. That of the jobs is ahead of it by what
// ClockMoved has said; WakeAt() is the database's again.
class Dispatcher {
 public:
  Dispatcher(const QueueOptions& options, RandomSource random)
      : options_(options), random_(std::move(random)) {}

  // Applies one event. Effects of several events may be taken together.
  void Apply(Event event, absl::Time now);
  // What is wanted done, in order; and the requests that several events have made together. Call it
  // when no event waits, so that batches form.
  Effects TakeEffects();

  // When Apply(TimePassed) is due at the latest.
  absl::Time WakeAt() const;

  // Sessions and outcomes are taken.
  bool leads() const { return leader_ != nullptr && leader_->core.loaded; }
  // While draining: everything acknowledged is on disk and nothing is under way.
  bool drained() const;

  // How far the jobs' time is ahead of the database's.
  absl::Duration clock_moved_by() const { return clock_moved_by_; }

  // Null while this server does not lead.
  const Leader* leader() const { return leader_.get(); }
  Tallies TakeTallies();

 private:
  void On(TimePassed) {}
  void On(Led event);
  void On(Deposed);
  void On(DrainBegun);
  void On(AddJobsCalled event);
  void On(RemoveJobCalled event);
  void On(ChangeJobsCalled event);
  void On(ListExecutorsCalled event);
  void On(SweepExecutorsCalled event);
  void On(ListCronsCalled event);
  void On(ChangeCronsCalled event);
  void On(RunCronCalled event);
  void On(CrontabRead event);
  void On(OutcomesReported event);
  void On(StreamOpened event);
  void On(FrameReceived event);
  void On(StreamEnded event);
  void On(StoreAnswered event);
  void On(StoreAway);
  void On(StoreBack event);
  void On(InboxFilled);
  void On(ClockMoved event);

  // Whether an event must wait until the leases and the newest part of the journal are loaded, or
  // all of it.
  template <typename AnyEvent>
  bool Defer(AnyEvent& event, bool waits_for_journal);
  void Load();
  void NotLoaded(const absl::Status& status);
  void LoadAgain();
  void Loaded(LoadLeadershipAnswer& answer);
  void LoadTheRest();
  void Remember(JournalMemory& journal);
  void TakeDeferred();
  // Whether an event must wait until the whole journal is loaded: only that knows what it is about.
  bool IsInTheJournal(const std::optional<RequestKey>& request) const;
  bool IsInTheJournal(const std::vector<LeaseToken>& tokens) const;
  void LoadLeases(LoadLeadershipAnswer& answer);
  void EndLeadership();
  void Tick();
  void TellTime();
  void Want(Effect effect) { effects_.push_back(std::move(effect)); }

  const QueueOptions options_;
  const RandomSource random_;
  absl::Time now_ = absl::InfinitePast();
  absl::Duration clock_moved_by_;
  bool draining_ = false;
  std::vector<CronEntry> crontab_;  // of this server's file
  Ticket last_ticket_ = 0;
  std::unique_ptr<Leader> leader_;
  Effects effects_;  // those that need no leader
  std::vector<Event> deferred_;
  std::set<StreamId> deferred_streams_;  // whose opening is among them
  absl::Time next_due_ = absl::InfiniteFuture();
  absl::Time next_sweep_ = absl::InfinitePast();
  absl::Time next_proof_ = absl::InfinitePast();
  absl::Time load_at_ = absl::InfiniteFuture();  // loading failed: the next try
  std::string load_problem_;                     // what the operator was told of it
  JournalPlace journal_rest_;                    // what is older is not loaded yet
};

}  // namespace leasehold::queue
