#include "server/queue/dispatcher.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/base/errors.h"

namespace leasehold::queue {
namespace {

constexpr absl::Duration kProofInterval = absl::Minutes(1);
// Delays of as long must not lead out of the years that PostgreSQL and the protocol know.
constexpr absl::Duration kMostMoved = absl::Hours(365'000 * 24);

absl::Status ClockTooFarAhead() {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                         "by: the clock moves forward only, and by 365000 days in all");
}

}  // namespace

void Dispatcher::Apply(Event event, absl::Time now) {
  now_ = std::max(now_, now);
  if (leader_ != nullptr) {
    TellTime();
    if (now_ >= next_due_) leader_->core.WantLeasing();
  }
  std::visit([this](auto& e) { On(std::move(e)); }, event);
}

Effects Dispatcher::TakeEffects() {
  Effects effects = std::exchange(effects_, {});
  if (leader_ == nullptr) return effects;
  LoadAgain();
  if (leader_->core.loaded) {
    Tick();
    leader_->sessions.AnswerSweeps();
    leader_->lease_rows.WriteMissing();
    leader_->leaser.Run();
    leader_->adder.Flush();
    leader_->changer.Flush();
    leader_->cron_changer.Flush();
    leader_->cron_keeper.Run();
    leader_->recorder.Flush();
    // The last: the others have just found out what must be read.
    leader_->reader.Run();
    next_due_ = leader_->leaser.next_wake();
  }
  Effects& made = leader_->core.effects;
  effects.insert(effects.end(), std::make_move_iterator(made.begin()),
                 std::make_move_iterator(made.end()));
  made.clear();
  return effects;
}

absl::Time Dispatcher::WakeAt() const {
  if (leader_ == nullptr) return absl::InfiniteFuture();
  const absl::Time load_at = leader_->core.store_available ? load_at_ : absl::InfiniteFuture();
  if (!leads()) return load_at;
  return std::min({load_at, next_due_, next_sweep_, leader_->core.AwaitsSessionsUntil(),
                   leader_->sessions.next_wake(), leader_->adder.next_wake(),
                   leader_->changer.next_wake(), leader_->lease_rows.next_wake(),
                   leader_->recorder.next_wake(), leader_->reader.next_wake(),
                   leader_->cron_changer.next_wake(), leader_->cron_keeper.next_wake()});
}

bool Dispatcher::drained() const {
  return leader_ == nullptr ||
         (leader_->adder.idle() && leader_->changer.idle() && leader_->leaser.idle() &&
          leader_->recorder.idle() && leader_->cron_changer.idle() && leader_->cron_keeper.idle());
}

void Dispatcher::TellTime() {
  leader_->core.real_now = now_;
  leader_->core.now = now_ + clock_moved_by_;
}

Tallies Dispatcher::TakeTallies() {
  return leader_ == nullptr ? Tallies() : leader_->core.TakeTallies();
}

void Dispatcher::Tick() {
  leader_->sessions.Tick();
  if (now_ < next_sweep_) return;
  next_sweep_ = now_ + options_.sweep_interval;
  ++leader_->core.totals.sweeps;
  leader_->sessions.SweepLost();
  leader_->leaser.Recall();
  leader_->lease_rows.MergeSparse();
  leader_->recorder.FlushRows();
  leader_->reader.CountCorrections();
  leader_->core.ended_tokens.Forget(now_);
  leader_->core.requests.Forget(now_);
  if (now_ < next_proof_) return;
  next_proof_ = now_ + kProofInterval;
  leader_->reader.ProveAWindow();
}

template <typename AnyEvent>
bool Dispatcher::Defer(AnyEvent& event, bool waits_for_journal) {
  if (leader_->core.loaded && !waits_for_journal) return false;
  deferred_.push_back(std::move(event));
  return true;
}

void Dispatcher::On(AddJobsCalled event) {
  if (leader_ == nullptr) return Want(AnswerAddJobs{event.call, NoLeader()});
  if (Defer(event, IsInTheJournal(event.request))) return;
  const bool keyed = std::any_of(event.jobs.begin(), event.jobs.end(),
                                 [](const NewJob& job) { return job.key.has_value(); });
  keyed ? leader_->changer.Add(std::move(event)) : leader_->adder.Add(std::move(event));
}

void Dispatcher::On(RemoveJobCalled event) {
  if (leader_ == nullptr) return Want(AnswerRemoveJob{event.call, NoLeader()});
  if (!Defer(event, IsInTheJournal(event.request))) leader_->changer.Remove(std::move(event));
}

void Dispatcher::On(ChangeJobsCalled event) {
  if (leader_ == nullptr) return Want(AnswerChangeJobs{event.call, NoLeader()});
  if (!Defer(event, IsInTheJournal(event.request))) leader_->changer.Change(std::move(event));
}

void Dispatcher::On(ListExecutorsCalled event) {
  if (leader_ == nullptr) return Want(AnswerExecutors{event.call, NoLeader()});
  if (!Defer(event, false)) leader_->sessions.List(event.call);
}

void Dispatcher::On(SweepExecutorsCalled event) {
  if (leader_ == nullptr) return Want(AnswerExecutors{event.call, NoLeader()});
  if (!Defer(event, false)) leader_->sessions.Sweep(event.call, event.order);
}

void Dispatcher::On(OutcomesReported event) {
  if (leader_ == nullptr) return Want(AnswerOutcomes{event.call, NoLeader()});
  std::vector<LeaseToken> tokens;
  for (const Outcome& outcome : event.outcomes) tokens.push_back(outcome.token);
  if (!Defer(event, IsInTheJournal(tokens)))
    leader_->recorder.Report(event.call, std::move(event.outcomes));
}

void Dispatcher::On(StreamOpened event) {
  if (leader_ == nullptr) return Want(EndStream{event.stream, NoLeader()});
  const StreamId stream = event.stream;
  if (Defer(event, IsInTheJournal(event.open.held))) {
    deferred_streams_.insert(stream);
  } else {
    leader_->sessions.Open(stream, std::move(event.open));
  }
}

void Dispatcher::On(ListCronsCalled event) {
  if (leader_ == nullptr) return Want(AnswerCrons{event.call, NoLeader()});
  if (!Defer(event, false)) leader_->cron_changer.List(event);
}

void Dispatcher::On(ChangeCronsCalled event) {
  if (leader_ == nullptr) return Want(AnswerCrons{event.call, NoLeader()});
  if (!Defer(event, false)) leader_->cron_changer.Change(std::move(event));
}

// A repeated one has the first answer, even if the cron has gone meanwhile.
void Dispatcher::On(RunCronCalled event) {
  if (leader_ == nullptr) return Want(AnswerAddJobs{event.call, NoLeader()});
  if (Defer(event, IsInTheJournal(event.request))) return;
  absl::StatusOr<NewJob> job = leader_->cron_changer.JobNow(event.identifier);
  const bool known = event.request.has_value() && leader_->core.requests.Knows(*event.request);
  if (!job.ok() && !known) return Want(AnswerAddJobs{event.call, job.status()});
  On(AddJobsCalled{event.call, {job.value_or(NewJob())}, event.request});
}

void Dispatcher::On(CrontabRead event) {
  crontab_ = std::move(event.entries);
  if (leads()) leader_->cron_keeper.ReadFile(crontab_);
}

void Dispatcher::On(FrameReceived event) {
  if (leader_ == nullptr || Defer(event, deferred_streams_.contains(event.stream))) return;
  leader_->sessions.Receive(event.stream, std::move(event.frame));
}

void Dispatcher::On(StreamEnded event) {
  if (leader_ == nullptr || Defer(event, deferred_streams_.contains(event.stream))) return;
  leader_->sessions.StreamEnded(event.stream, event.visibly);
}

void Dispatcher::On(InboxFilled) {
  if (leader_ != nullptr) leader_->reader.InboxFilled();
}

// Jobs that stand behind what is in memory have become due without a wake-up: the order of work is
// read anew.
void Dispatcher::On(ClockMoved event) {
  if (!options_.clock_may_move) return Want(AnswerClockMoved{event.call, ClockFixed()});
  if (leader_ == nullptr) return Want(AnswerClockMoved{event.call, NoLeader()});
  // What is due is known then, of crons too.
  if (Defer(event, false)) return;
  if (event.by < absl::ZeroDuration() || clock_moved_by_ + event.by > kMostMoved) {
    return Want(AnswerClockMoved{event.call, ClockTooFarAhead()});
  }
  if (event.by > absl::ZeroDuration()) {
    clock_moved_by_ += event.by;
    TellTime();
    leader_->core.ready.Forget();
    leader_->reader.Forget();
    leader_->core.WantLeasing();
    return leader_->cron_keeper.AnswerWhenRun(event.call);
  }
  Want(AnswerClockMoved{event.call, leader_->core.now});
}

void Dispatcher::On(StoreAnswered event) {
  if (leader_ == nullptr) return;
  auto& handlers = leader_->core.handlers;
  const auto found = handlers.find(event.ticket);
  if (found == handlers.end()) return;
  const Core::Handler handler = std::move(found->second);
  handlers.erase(found);
  handler(event.status, event.answer);
}

void Dispatcher::On(StoreAway) {
  if (leader_ == nullptr) return;
  leader_->core.store_available = false;
  leader_->adder.RefuseWaiting(DatabaseAway());
  leader_->changer.RefuseWaiting(DatabaseAway());
  leader_->cron_changer.RefuseWaiting(DatabaseAway());
  leader_->cron_keeper.StoreAway();
  leader_->sessions.RefuseWaiting(DatabaseAway());
}

// Between the loss and now executors could not be heard and rows may have changed unseen.
void Dispatcher::On(StoreBack event) {
  if (leader_ == nullptr) return;
  leader_->core.epoch = event.epoch;
  leader_->core.store_available = true;
  leader_->adder.ForgetIds();
  if (load_at_ != absl::InfiniteFuture()) load_at_ = now_;
  if (!leader_->core.loaded) return;
  leader_->cron_keeper.StoreBack();
  leader_->core.ready.Forget();
  leader_->reader.Forget();
  leader_->reader.InboxFilled();
  leader_->sessions.ForgiveSilence();
  leader_->core.WantLeaseRowsWritten();
  leader_->core.WantLeasing();
}

void Dispatcher::On(DrainBegun) {
  draining_ = true;
  if (leader_ == nullptr) return;
  leader_->core.draining = true;
  leader_->sessions.HandOver();
}

void Dispatcher::On(Led event) {
  EndLeadership();
  leader_ = std::make_unique<Leader>(options_, random_);
  TellTime();
  leader_->core.last_ticket = last_ticket_;
  leader_->core.epoch = event.epoch;
  leader_->core.adopts = event.adopts;
  leader_->core.draining = draining_;
  leader_->core.store_available = true;
  next_due_ = absl::InfiniteFuture();
  next_sweep_ = next_proof_ = absl::InfinitePast();
  Load();
}

void Dispatcher::On(Deposed) {
  EndLeadership();
  draining_ = false;
}

// What the leader knew is void. Those who wait for an answer are told to ask the next one.
void Dispatcher::EndLeadership() {
  if (leader_ == nullptr) return;
  Core& core = leader_->core;
  core.store_available = false;
  for (auto& [ticket, handler] : std::exchange(core.handlers, {})) {
    StoreAnswer nothing;
    handler(absl::FailedPreconditionError("the leadership is over"), nothing);
  }
  leader_->adder.RefuseWaiting(NoLeader());
  leader_->changer.RefuseWaiting(NoLeader());
  leader_->cron_changer.RefuseWaiting(NoLeader());
  leader_->cron_keeper.AnswerMoves();
  leader_->recorder.RefuseWaiting(NoLeader());
  leader_->sessions.RefuseWaiting(NoLeader());
  leader_->sessions.EndStreams(NoLeader());
  // What the store has not been asked yet must not run under a later leadership.
  std::erase_if(core.effects, [](const Effect& e) { return std::holds_alternative<Submit>(e); });
  effects_.insert(effects_.end(), std::make_move_iterator(core.effects.begin()),
                  std::make_move_iterator(core.effects.end()));
  last_ticket_ = core.last_ticket;
  leader_.reset();
  load_at_ = absl::InfiniteFuture();
  TakeDeferred();
}

void Dispatcher::TakeDeferred() {
  deferred_streams_.clear();
  for (Event& event : std::exchange(deferred_, {})) {
    std::visit([this](auto& e) { On(std::move(e)); }, event);
  }
}

}  // namespace leasehold::queue
