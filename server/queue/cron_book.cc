#include "server/queue/cron_book.h"

#include <algorithm>
#include <set>
#include <utility>

namespace leasehold::queue {
namespace {

// A restart over a tick, or a failover, loses none.
constexpr absl::Duration kLeastFill = absl::Minutes(1);
constexpr absl::Duration kInstant = absl::Microseconds(1);

// When ticks last happened that need not run again.
absl::Time BaseOf(const KnownCron& known) {
  return std::max(known.known_since, known.last_execution.value_or(absl::InfinitePast()));
}

}  // namespace

bool KeptCron::Backfills(absl::Time tick) const {
  return std::any_of(gaps.begin(), gaps.end(), [tick](const CronGap& gap) {
    return gap.from < tick && tick < gap.to - kLeastFill;
  });
}

absl::Time KeptCron::TickAfter(absl::Time time) const {
  if (entry() == nullptr || paused()) return absl::InfiniteFuture();
  const Schedule& schedule = entry()->schedule;
  const absl::Duration reach = std::max(entry()->spec.fill, kLeastFill);
  absl::Time tick = schedule.NextAfter(time);
  for (const CronGap& gap : gaps) {
    const absl::Time first = gap.to - reach;
    if (gap.from < tick && tick < first) tick = schedule.NextAfter(first - kInstant);
  }
  return tick;
}

CronInfo KeptCron::Info() const {
  CronInfo info;
  info.spec = entry()->spec;
  info.source = in_file.has_value() ? kCrontabFile : stored->source;
  info.paused = paused();
  info.known_since = known->known_since;
  info.last_run = known->last_execution;
  if (next != absl::InfiniteFuture()) info.next_run = next;
  return info;
}

CronTiming TimingOf(const CronSpec& spec) {
  return {spec.schedule, spec.time_zone, absl::Floor(spec.fill, kInstant)};
}

KnownCron MeetCron(const std::optional<KnownCron>& before, const CronSpec& spec, absl::Time now) {
  KnownCron known = before.value_or(KnownCron{spec.identifier, now, {}, {}, false});
  CronTiming timing = TimingOf(spec);
  if (known.timing.has_value() && *known.timing != timing) known.known_since = now;
  known.timing = std::move(timing);
  return known;
}

void CronBook::Load(std::vector<StoredCron> stored, std::vector<KnownCron> known,
                    const std::vector<CronEntry>& file, absl::Time now) {
  crons_.clear();
  for (KnownCron& one : known) {
    KeptCron& cron = crons_[one.identifier];
    cron.written = true;
    cron.known = std::move(one);
  }
  for (StoredCron& one : stored) {
    crons_[one.entry.spec.identifier].stored = std::move(one);
  }
  for (const CronEntry& entry : file) crons_[entry.spec.identifier].in_file = entry;
  for (auto& [identifier, cron] : crons_) Begin(cron, /*before=*/false, now);
}

void CronBook::ReadFile(const std::vector<CronEntry>& file, absl::Time now) {
  std::set<std::string> named;
  for (const CronEntry& entry : file) {
    named.insert(entry.spec.identifier);
    KeptCron& cron = crons_[entry.spec.identifier];
    if (cron.in_file.has_value() && cron.in_file->spec == entry.spec) continue;
    const bool before = cron.entry() != nullptr;
    cron.in_file = entry;
    Begin(cron, before, now);
  }
  for (auto& [identifier, cron] : crons_) {
    if (!cron.in_file.has_value() || named.contains(identifier)) continue;
    cron.in_file.reset();
    Begin(cron, /*before=*/true, now);
  }
}

void CronBook::Store(StoredCron stored, KnownCron known, absl::Time now) {
  KeptCron& cron = crons_[known.identifier];
  cron.stored = std::move(stored);
  Know(std::move(known), now);
}

// The ticks that have run meanwhile are known here alone.
void CronBook::Know(KnownCron known, absl::Time now) {
  KeptCron& cron = crons_[known.identifier];
  if (cron.known.has_value()) known.last_execution = cron.known->last_execution;
  cron.known = std::move(known);
  cron.written = true;
  Begin(cron, /*before=*/true, now);
}

void CronBook::Remove(const std::string& identifier, bool forgotten, absl::Time now) {
  const auto found = crons_.find(identifier);
  if (found == crons_.end()) return;
  KeptCron& cron = found->second;
  cron.stored.reset();
  if (!cron.in_file.has_value()) {
    crons_.erase(found);
    return;
  }
  if (forgotten) {
    cron.known.reset();
    cron.written = false;
  }
  Begin(cron, /*before=*/true, now);
}

void CronBook::Ran(KeptCron& cron, absl::Time tick) {
  cron.known->last_execution =
      std::max(cron.known->last_execution.value_or(absl::InfinitePast()), tick);
  Recount(cron);
}

void CronBook::AddGap(absl::Time from, absl::Time to) {
  for (auto& [identifier, cron] : crons_) {
    cron.gaps.push_back({from, to});
    Recount(cron);
  }
}

KeptCron* CronBook::Find(const std::string& identifier) {
  const auto found = crons_.find(identifier);
  return found == crons_.end() ? nullptr : &found->second;
}

void CronBook::Begin(KeptCron& cron, bool before, absl::Time now) {
  cron.again_at = absl::InfinitePast();
  cron.tries = 0;
  if (cron.entry() != nullptr) {
    KnownCron met = MeetCron(cron.known, cron.entry()->spec, now);
    if (!cron.known.has_value() || cron.known->timing != met.timing) cron.written = false;
    cron.known = std::move(met);
  }
  if (!before) {
    cron.done = absl::InfinitePast();
    cron.gaps = {{absl::InfinitePast(), now}};
  }
  Recount(cron);
}

void CronBook::Recount(KeptCron& cron) {
  if (cron.known.has_value()) cron.done = std::max(cron.done, BaseOf(*cron.known));
  std::erase_if(cron.gaps, [&cron](const CronGap& gap) { return gap.to <= cron.done; });
  cron.next = cron.TickAfter(cron.done);
}

}  // namespace leasehold::queue
