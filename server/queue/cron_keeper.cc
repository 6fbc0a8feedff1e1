#include "server/queue/cron_keeper.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <string_view>
#include <tuple>
#include <utility>

#include "server/queue/retry.h"

namespace leasehold::queue {
namespace {

// A year of minutes takes longer than anybody waits.
constexpr absl::Duration kLongestMove = absl::Seconds(10);
// Of payloads in one batch, unless one alone is larger.
constexpr size_t kMostBytes = 4 << 20;

// Whether the same may pass another time, whatever it is about: the store's trouble, not a cron's.
bool MayPassLater(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsFailedPrecondition(status) ||
         absl::IsAborted(status) || absl::IsResourceExhausted(status) ||
         absl::IsDeadlineExceeded(status);
}

}  // namespace

void CronKeeper::Load(std::vector<StoredCron> stored, std::vector<KnownCron> known,
                      const std::vector<CronEntry>& file) {
  book_.Load(std::move(stored), std::move(known), file, core_.now);
  away_since_ = absl::InfiniteFuture();
  changed_ = true;
  NoticeTwins(file);
}

void CronKeeper::ReadFile(const std::vector<CronEntry>& file) {
  book_.ReadFile(file, core_.now);
  changed_ = true;
  NoticeTwins(file);
}

void CronKeeper::NoticeTwins(const std::vector<CronEntry>& file) {
  for (const CronEntry& entry : file) {
    const std::string& identifier = entry.spec.identifier;
    if (!book_.Find(identifier)->stored.has_value()) continue;
    core_.effects.push_back(CronNotice{CronNotice::Kind::kInFileAndStored, identifier, ""});
  }
}

void CronKeeper::StoreAway() { away_since_ = std::min(away_since_, core_.now); }

void CronKeeper::StoreBack() {
  if (away_since_ != absl::InfiniteFuture()) book_.AddGap(away_since_, core_.now);
  away_since_ = absl::InfiniteFuture();
  again_at_ = known_again_at_ = absl::InfinitePast();
  changed_ = true;
}

// A lease whose row is not on disk yet would be taken for none.
bool CronKeeper::MayRun() const {
  return core_.store_available && core_.leases_written() && !core_.draining;
}

void CronKeeper::AnswerWhenRun(CallId call) {
  moves_.push_back({call, core_.real_now + kLongestMove});
  changed_ = true;
}

void CronKeeper::AnswerMoves() {
  for (const Move& move : std::exchange(moves_, {})) {
    core_.effects.push_back(AnswerClockMoved{move.call, core_.now});
  }
}

void CronKeeper::Run() {
  RunDue();
  if (moves_.empty()) return;
  // What is due and not under way waits for somebody's lock.
  if (idle() || !MayRun() || core_.real_now >= moves_.front().deadline) AnswerMoves();
}

void CronKeeper::RunDue() {
  if (!MayRun()) return;
  if (!changed_ && core_.now < tick_due_ && core_.real_now < try_due_) return;
  changed_ = false;
  if (core_.real_now >= known_again_at_ && !writes_in_flight_) WriteKnown();
  if (core_.real_now >= again_at_ && !ticks_in_flight_) RunTicks();
  LookAhead();
}

// Of all crons that are not known yet; or of one that must be alone.
std::vector<KnownCron> CronKeeper::KnownToWrite() {
  std::vector<KnownCron> known;
  for (auto& [identifier, cron] : book_.crons()) {
    if (cron.entry() == nullptr || cron.written || cron.in_flight) continue;
    if (cron.again_at > core_.real_now) continue;
    if (cron.alone) known.clear();
    known.push_back(*cron.known);
    if (cron.alone) break;
  }
  return known;
}

void CronKeeper::WriteKnown() {
  ChangeCrons change;
  change.know = KnownToWrite();
  if (change.know.empty()) return;
  for (const KnownCron& row : change.know) book_.Find(row.identifier)->in_flight = true;
  writes_in_flight_ = true;
  std::vector<KnownCron> known = change.know;
  core_.SubmitToStore(std::move(change),
                      [this, known = std::move(known)](const absl::Status& status, StoreAnswer&) {
                        writes_in_flight_ = false;
                        Written(known, status);
                      });
}

// The crontab file may have been read again meanwhile.
void CronKeeper::Written(const std::vector<KnownCron>& known, const absl::Status& status) {
  changed_ = true;
  for (const KnownCron& row : known) book_.Find(row.identifier)->in_flight = false;
  if (!status.ok()) return NotWritten(known, status);
  known_tries_ = 0;
  for (const KnownCron& row : known) {
    KeptCron& cron = *book_.Find(row.identifier);
    cron.written = cron.known->known_since == row.known_since && cron.known->timing == row.timing;
    cron.alone = false;
    cron.tries = 0;
  }
}

// As with ticks: a row that somebody holds, or that is not taken, is of one cron.
void CronKeeper::NotWritten(const std::vector<KnownCron>& known, const absl::Status& status) {
  const bool of_one = absl::IsAborted(status) || !MayPassLater(status);
  KeptCron& first = *book_.Find(known.front().identifier);
  if (of_one && known.size() > 1) {
    for (const KnownCron& row : known) book_.Find(row.identifier)->alone = true;
    return;
  }
  const bool told = (of_one ? first.tries : known_tries_) > 0;
  if (!told && !absl::IsUnavailable(status) && !absl::IsFailedPrecondition(status)) {
    const std::string identifier = of_one ? known.front().identifier : "";
    core_.effects.push_back(
        CronNotice{CronNotice::Kind::kNotKnown, identifier, std::string(status.message())});
  }
  if (of_one) return TryLater(first);
  known_again_at_ = core_.real_now + LockedRowDelay(++known_tries_);
}

bool CronKeeper::IsDue(const KeptCron& cron) const {
  return cron.next <= core_.now && cron.written && !cron.in_flight &&
         cron.again_at <= core_.real_now;
}

void CronKeeper::RunTicks() {
  Ticks ticks = TicksDue();
  if (!ticks.empty()) Submit(std::move(ticks));
}

// The first ticks due of all crons, by time; or of one cron that must be alone. Those that are
// backfilled come last: however many they are, no other is late for them.
CronKeeper::Ticks CronKeeper::TicksDue() {
  // Of one tick those of several crons by identifier.
  using Next = std::tuple<bool, absl::Time, std::string_view, KeptCron*>;
  std::priority_queue<Next, std::vector<Next>, std::greater<>> next;
  for (auto& [identifier, cron] : book_.crons()) {
    if (!IsDue(cron)) continue;
    if (cron.alone) next = {};
    next.emplace(cron.Backfills(cron.next), cron.next, identifier, &cron);
    if (cron.alone) break;
  }
  Ticks ticks;
  size_t bytes = 0;
  const size_t most = std::min(static_cast<size_t>(core_.options.cron_batch), most_ticks_);
  while (!next.empty() && ticks.size() < most && bytes < kMostBytes) {
    const auto [backfilled, at, identifier, cron] = next.top();
    next.pop();
    ticks.push_back(
        {cron->entry()->spec.identifier, at, JobOfTick(cron->entry()->spec, at, backfilled)});
    bytes += ticks.back().job.payload.size();
    cron->in_flight = true;
    if (const absl::Time then = cron->TickAfter(at); then <= core_.now) {
      next.emplace(cron->Backfills(then), then, identifier, cron);
    }
  }
  return ticks;
}

void CronKeeper::Submit(Ticks ticks) {
  ticks_in_flight_ = true;
  RunCronTicks request{ticks};
  core_.SubmitToStore(std::move(request), [this, ticks = std::move(ticks)](
                                              const absl::Status& status, StoreAnswer& answer) {
    ticks_in_flight_ = false;
    Answered(ticks, status, answer);
  });
}

void CronKeeper::Answered(const Ticks& ticks, const absl::Status& status, StoreAnswer& answer) {
  changed_ = true;
  for (const RunCronTicks::Tick& tick : ticks) book_.Find(tick.cron)->in_flight = false;
  if (!status.ok()) return Failed(ticks, status);
  tries_ = 0;
  if (ticks.size() >= most_ticks_) most_ticks_ = 2 * ticks.size();
  if (most_ticks_ >= static_cast<size_t>(core_.options.cron_batch)) most_ticks_ = SIZE_MAX;
  auto& ran = std::get<RunCronTicksAnswer>(answer);
  for (size_t i = 0; i < ticks.size(); ++i) Apply(ticks[i], ran.ticks[i]);
  for (const RankedJob& job : ran.changed) core_.OfferChanged(job);
  core_.WantLeasing();
}

void CronKeeper::Apply(const RunCronTicks::Tick& tick, const RunCronTicksAnswer::Tick& ran) {
  using Outcome = RunCronTicksAnswer::Outcome;
  KeptCron& cron = *book_.Find(tick.cron);
  if (ran.outcome == Outcome::kUntried) return;
  if (ran.outcome == Outcome::kLocked) return TryLater(cron);
  if (ran.outcome == Outcome::kRefused) {
    if (cron.tries == 0) {
      core_.effects.push_back(CronNotice{CronNotice::Kind::kRefused, tick.cron, ran.problem});
    }
    return TryLater(cron);
  }
  if (ran.outcome == Outcome::kAdded) {
    Count(cron, tick);
  } else {
    ++core_.totals.cron_ticks_skipped;
  }
  cron.tries = 0;
  cron.alone = false;
  book_.Ran(cron, tick.at);
}

void CronKeeper::Count(const KeptCron& cron, const RunCronTicks::Tick& tick) {
  ++core_.totals.cron_ticks_added;
  ++core_.totals.added;
  TaskTally& tally = core_.TallyOf(tick.job.task);
  ++tally.added;
  if (cron.Backfills(tick.at)) return;
  tally.cron_late_seconds.push_back(absl::ToDoubleSeconds(core_.now - tick.at));
}

void CronKeeper::TryLater(KeptCron& cron) {
  cron.again_at = core_.real_now + LockedRowDelay(++cron.tries);
}

// What PostgreSQL does not take may be of one cron alone: each is tried by itself. So is, when no
// smaller batch is left, what takes it too long.
void CronKeeper::Failed(const Ticks& ticks, const absl::Status& status) {
  const std::string problem(status.message());
  const bool too_long = absl::IsDeadlineExceeded(status);
  const bool refused = !MayPassLater(status) || (too_long && ticks.size() == 1);
  const bool of_one = std::all_of(ticks.begin(), ticks.end(), [&ticks](const auto& tick) {
    return tick.cron == ticks.front().cron;
  });
  if (refused && of_one) {
    return Apply(ticks.front(), {RunCronTicksAnswer::Outcome::kRefused, problem});
  }
  if (refused) {
    for (const RunCronTicks::Tick& tick : ticks) book_.Find(tick.cron)->alone = true;
    return;
  }
  if (too_long) {
    most_ticks_ = ticks.size() / 2;
    return;
  }
  if (tries_ == 0 && !absl::IsUnavailable(status) && !absl::IsFailedPrecondition(status)) {
    core_.effects.push_back(CronNotice{CronNotice::Kind::kRefused, "", problem});
  }
  again_at_ = core_.real_now + LockedRowDelay(++tries_);
}

void CronKeeper::LookAhead() {
  tick_due_ = try_due_ = absl::InfiniteFuture();
  for (const auto& [identifier, cron] : book_.crons()) {
    if (cron.in_flight || cron.entry() == nullptr) continue;
    if (!cron.written && !writes_in_flight_) {
      try_due_ = std::min(try_due_, std::max(cron.again_at, known_again_at_));
    }
    if (!cron.written || ticks_in_flight_) continue;
    if (cron.next > core_.now) {
      tick_due_ = std::min(tick_due_, cron.next);
    } else {
      try_due_ = std::min(try_due_, std::max(cron.again_at, again_at_));
    }
  }
}

absl::Time CronKeeper::next_wake() const {
  if (!MayRun()) return absl::InfiniteFuture();
  const absl::Time deadline = moves_.empty() ? absl::InfiniteFuture() : moves_.front().deadline;
  return std::min({core_.RealTime(tick_due_), try_due_, deadline});
}

}  // namespace leasehold::queue
