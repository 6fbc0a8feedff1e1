#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/queue/core.h"
#include "server/queue/cron_book.h"

namespace leasehold::queue {

// Runs the ticks of crons: those due are added as jobs, each cron's in order, and each moves its
// cron on in the same transaction. While one request is under way the next ticks wait for it.
class CronKeeper {
 public:
  CronKeeper(Core& core, CronBook& book) : core_(core), book_(book) {}

  // This server leads now.
  void Load(std::vector<StoredCron> stored, std::vector<KnownCron> known,
            const std::vector<CronEntry>& file);
  void ReadFile(const std::vector<CronEntry>& file);
  // No tick can be run between the two.
  void StoreAway();
  void StoreBack();

  // Answers a move of the clock when the ticks that it passed have run, or have had some time to:
  // whoever moved it looks for their jobs next.
  void AnswerWhenRun(CallId call);
  // The leadership is over.
  void AnswerMoves();

  // Crons have changed.
  void Changed() { changed_ = true; }

  // Submits what is due now.
  void Run();
  absl::Time next_wake() const;
  bool idle() const { return !ticks_in_flight_ && !writes_in_flight_; }

 private:
  using Ticks = std::vector<RunCronTicks::Tick>;

  struct Move {
    CallId call = 0;
    absl::Time deadline;
  };

  bool MayRun() const;
  void RunDue();
  bool IsDue(const KeptCron& cron) const;
  void WriteKnown();
  std::vector<KnownCron> KnownToWrite();
  void Written(const std::vector<KnownCron>& known, const absl::Status& status);
  void NotWritten(const std::vector<KnownCron>& known, const absl::Status& status);
  void RunTicks();
  Ticks TicksDue();
  void Submit(Ticks ticks);
  void Answered(const Ticks& ticks, const absl::Status& status, StoreAnswer& answer);
  void Apply(const RunCronTicks::Tick& tick, const RunCronTicksAnswer::Tick& ran);
  void Failed(const Ticks& ticks, const absl::Status& status);
  void TryLater(KeptCron& cron);
  void Count(const KeptCron& cron, const RunCronTicks::Tick& tick);
  void NoticeTwins(const std::vector<CronEntry>& file);
  void LookAhead();

  Core& core_;
  CronBook& book_;
  bool ticks_in_flight_ = false;
  bool writes_in_flight_ = false;
  // The store could not do it, whatever it was about: the next try.
  absl::Time again_at_ = absl::InfinitePast();
  int tries_ = 0;
  // The same of what is made known of crons.
  absl::Time known_again_at_ = absl::InfinitePast();
  int known_tries_ = 0;
  // Halved when a batch takes the database too long, until they pass again.
  size_t most_ticks_ = SIZE_MAX;
  absl::Time away_since_ = absl::InfiniteFuture();
  std::vector<Move> moves_;

  // Nothing is to be done before one of these, unless crons change: by the jobs' clock, and by the
  // database's.
  bool changed_ = true;
  absl::Time tick_due_ = absl::InfiniteFuture();
  absl::Time try_due_ = absl::InfiniteFuture();
};

}  // namespace leasehold::queue
