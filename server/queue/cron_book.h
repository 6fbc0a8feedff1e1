#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/cron/cron_spec.h"
#include "server/job/store_request.h"
#include "server/queue/cron_info.h"

namespace leasehold::queue {

// A time, in the jobs' clock, in which no server ran ticks: those older than a minute at its end
// are run as far back as the cron's fill says.
struct CronGap {
  absl::Time from;  // ticks behind it
  absl::Time to;    // and up to it
};

// What there is to a cron, and how far its ticks have come.
struct KeptCron {
  // The file's entry counts, else the stored one; with neither, something is known of it.
  std::optional<CronEntry> in_file;
  std::optional<StoredCron> stored;
  std::optional<KnownCron> known;  // unset: it is new to the database

  // Ticks up to here have run, or do not count.
  absl::Time done = absl::InfinitePast();
  std::vector<CronGap> gaps;  // that end after `done`, ascending
  // The next tick; InfiniteFuture: it is paused, or none comes.
  absl::Time next = absl::InfiniteFuture();

  // `known` stands in the database as it stands here: until then no tick runs.
  bool written = false;
  // A request of the store is about it.
  bool in_flight = false;
  // Its job could not be added, or what is known of it not be written: the next try.
  absl::Time again_at = absl::InfinitePast();
  int tries = 0;
  // PostgreSQL refused a batch that it was part of: it is in one of its own.
  bool alone = false;

  // Null: no ticks.
  const CronEntry* entry() const {
    if (in_file.has_value()) return &*in_file;
    return stored.has_value() ? &stored->entry : nullptr;
  }
  bool paused() const { return known.has_value() && known->paused; }
  bool Backfills(absl::Time tick) const;
  // The first tick behind `time` that is to run.
  absl::Time TickAfter(absl::Time time) const;
  // Of one that has an entry.
  CronInfo Info() const;
};

CronTiming TimingOf(const CronSpec& spec);

// What is to be known of a cron with this timing from `now` on, if `before` was known: where
// another timing is met, earlier ticks do not count.
KnownCron MeetCron(const std::optional<KnownCron>& before, const CronSpec& spec, absl::Time now);

// All crons of a leader. Values and their rules; asks nobody.
class CronBook {
 public:
  using Crons = std::map<std::string, KeptCron>;

  // What the database has, when this server begins to lead. Ticks of the time before are owed.
  void Load(std::vector<StoredCron> stored, std::vector<KnownCron> known,
            const std::vector<CronEntry>& file, absl::Time now);
  // The crontab file as it is now.
  void ReadFile(const std::vector<CronEntry>& file, absl::Time now);

  // The database has these rows.
  void Store(StoredCron cron, KnownCron known, absl::Time now);
  void Know(KnownCron known, absl::Time now);
  // The stored row is gone; and, if it was `forgotten`, what the database knew. One that the file
  // has by now is then new.
  void Remove(const std::string& identifier, bool forgotten, absl::Time now);

  // A tick has run, here or before.
  void Ran(KeptCron& cron, absl::Time tick);
  // Nobody ran ticks from then until now.
  void AddGap(absl::Time from, absl::Time to);

  // Null: it has no ticks and none that it had is known.
  KeptCron* Find(const std::string& identifier);
  Crons& crons() { return crons_; }
  const Crons& crons() const { return crons_; }

 private:
  // `before`: whether it had ticks until now. What is not known of its entry is met.
  void Begin(KeptCron& cron, bool before, absl::Time now);
  // Brings `done` and `next` up to what is known.
  static void Recount(KeptCron& cron);

  Crons crons_;
};

}  // namespace leasehold::queue
