#include "server/cluster/replica.h"

#include <algorithm>
#include <utility>

#include "server/logging/log.h"

namespace leasehold::cluster {
namespace {

// Between the last delivery of an old leader and the first of a new one.
constexpr absl::Duration kSafetyMargin = absl::Seconds(1);

// How long the backends of an expired leader are waited for, whose end frees the lock.
constexpr int kLockTries = 50;
constexpr absl::Duration kLockPause = absl::Milliseconds(20);

constexpr absl::Duration kDrainPause = absl::Milliseconds(2);

}  // namespace

Replica::Replica(Options options, LeadershipObserver& observer, Connect connect, Now now)
    : options_(std::move(options)),
      observer_(observer),
      connect_(std::move(connect)),
      now_(std::move(now)) {}

absl::Duration Replica::Step() {
  if (!Reconnect()) return options_.poll_interval;
  return leads() ? Lead() : Follow();
}

bool Replica::MayDeliver() const {
  const std::chrono::nanoseconds last(last_renewal_ns_.load());
  const auto since = now_().time_since_epoch() - last;
  return leads() && absl::FromChrono(since) < options_.ttl - kSafetyMargin;
}

void Replica::Deposed() {
  if (leads()) StepDown();
}

void Replica::Yield() {
  yielded_ = true;
  if (leads()) BeginDrain();
}

void Replica::BeginDrain() {
  if (std::exchange(draining_, true)) return;
  drain_until_ = now_() + absl::ToChronoNanoseconds(options_.drain_time);
  observer_.BeginDrain();
}

void Replica::Leave() {
  yielded_ = true;
  if (leads()) StepDown();
  if (store_ != nullptr) (void)store_->Unregister();
  store_.reset();
  locked_ = false;
}

bool Replica::Reconnect() {
  if (store_ != nullptr && !store_->lost()) return true;
  locked_ = false;
  store_.reset();
  store_ = connect_();
  if (store_ == nullptr) return false;
  (void)store_->Register(options_.row);
  if (leads()) TryLock();
  // The schema may be a newer one that this server does not know: it still says who leads.
  return !store_->lost();
}

// Without the lock a leader would be taken over at once by the next that asks for it.
bool Replica::TryLock() {
  if (!locked_) locked_ = store_->TryLock().value_or(false);
  return locked_;
}

absl::Duration Replica::Lead() {
  if (now_() >= next_renewal_) Renew();
  if (!leads()) return absl::ZeroDuration();
  if (draining_) return DrainAndYield();
  return std::clamp(absl::FromChrono(next_renewal_ - now_()), absl::ZeroDuration(),
                    options_.renewal_interval);
}

void Replica::Renew() {
  const auto began = now_();
  const auto renewed = store_->Renew(epoch_, observer_.Beat());
  if (renewed.ok()) {
    TryLock();
    Renewed(began);
    observer_.FollowClock(renewed->now, now_());
    return CheckWhoAsks(*renewed);
  }
  next_renewal_ = began + absl::ToChronoNanoseconds(options_.poll_interval);
  if (absl::IsFailedPrecondition(renewed.status())) CheckEpoch();
}

absl::Duration Replica::DrainAndYield() {
  const bool late = now_() >= drain_until_;
  if (!observer_.Drained() && !late) return kDrainPause;
  if (late) Log::Warning("not everything was flushed in time");
  const uint64_t epoch = epoch_;
  StepDown();
  // A lost connection has freed the lock as well.
  if (store_ != nullptr) (void)store_->Yield(epoch);
  locked_ = false;
  return absl::ZeroDuration();
}

void Replica::CheckWhoAsks(const store::Renewal& renewal) {
  asker_.See(renewal.wanted_by, renewal.wanted_ticks, now_());
  if (draining_ || renewal.wanted_by.empty() || renewal.wanted_by == options_.server_id) return;
  if (asker_.Stands(now_(), options_.ttl)) return;
  Log::Info("yields the leadership", {{"to", renewal.wanted_by}, {"epoch", epoch_.load()}});
  BeginDrain();
}

void Replica::CheckEpoch() {
  // The store of this very server may have raised the epoch a moment ago.
  const auto seen = store_->Read();
  if (!seen.ok()) return;
  if (seen->server_id == options_.server_id && seen->epoch > epoch_) {
    epoch_ = seen->epoch;
    return;
  }
  StepDown();
}

absl::Duration Replica::Follow() {
  const auto asked = now_();
  const auto seen = store_->Read();
  if (!seen.ok()) return options_.poll_interval;
  leader_.See(seen->server_id + "/" + std::to_string(seen->epoch), seen->renewals, now_());
  asker_.See(seen->wanted_by, seen->wanted_ticks, now_());
  if (now_() >= next_renewal_) {
    (void)store_->Show(observer_.Beat());
    next_renewal_ = now_() + absl::ToChronoNanoseconds(options_.renewal_interval);
  }
  // The answer may be as old as the question: what has moved since is not known.
  if (MayTakeOver(*seen, asked)) return TakeOver(*seen);
  Tell(*seen, asked);
  return options_.poll_interval;
}

void Replica::Tell(const store::Leadership& seen, MonotonicTime asked) {
  LeaderSeen leader;
  const bool known = !seen.address.empty() && seen.server_id != options_.server_id;
  if (known && !leader_.Stands(asked, options_.ttl)) {
    leader = {seen.epoch, seen.server_id, seen.address};
  }
  if (leader == told_) return;
  told_ = leader;
  observer_.Follow(leader);
}

bool Replica::MayTakeOver(const store::Leadership& seen, MonotonicTime asked) {
  if (yielded_ || seen.newest_breaking > options_.newest_breaking) return false;
  const bool another_asks = !seen.wanted_by.empty() && seen.wanted_by != options_.server_id;
  if (another_asks && !asker_.Stands(asked, options_.ttl)) return false;
  return TryLock() || leader_.Stands(asked, options_.ttl);
}

absl::Duration Replica::TakeOver(const store::Leadership& seen) {
  if (!seen.server_id.empty() && seen.server_id != options_.server_id) {
    if (ending_ != seen.epoch) {
      (void)store_->EndBackends(seen.server_id);
      ending_ = seen.epoch;
      lock_tries_ = 0;
    }
    if (!TryLock() && ++lock_tries_ < kLockTries) return kLockPause;
  }
  const auto began = now_();
  const auto epoch = store_->TakeOver(seen.epoch);
  if (epoch.ok()) return Begin(*epoch, began);
  ending_ = 0;
  return absl::IsAborted(epoch.status()) ? kLockPause : options_.poll_interval;
}

absl::Duration Replica::Begin(uint64_t epoch, MonotonicTime began) {
  const auto facts = store_->ReadFacts();
  const auto read_at = now_();
  if (!facts.ok()) return options_.poll_interval;
  if (!facts->durable && !options_.keeps_nothing) {
    Log::Warning(
        "the database does not keep what it commits: fsync or synchronous_commit is off; "
        "a crash loses acknowledged jobs");
  }
  const auto changed = store_->NoteTimeline(epoch, facts->timeline);
  if (!changed.ok()) return options_.poll_interval;
  if (*changed) {
    Log::Warning("PostgreSQL is on another timeline: what the last leader did may be lost",
                 {{"timeline", facts->timeline}});
  }
  epoch_ = epoch;
  Renewed(began);
  const absl::Status begun = observer_.BeginLeading({epoch, facts->now, read_at, *changed});
  if (begun.ok()) {
    Log::Info("leads", {{"epoch", epoch}});
    (void)store_->Notify();
    return absl::ZeroDuration();
  }
  Log::Warning("cannot lead", {{"epoch", epoch}, {"error", begun.ToString()}});
  StepDown();
  store_.reset();
  return options_.poll_interval;
}

void Replica::Renewed(MonotonicTime began) {
  last_renewal_ns_ =
      std::chrono::duration_cast<std::chrono::nanoseconds>(began.time_since_epoch()).count();
  next_renewal_ = began + absl::ToChronoNanoseconds(options_.renewal_interval);
}

// The session lock goes with the connection, unless it is yielded first.
void Replica::StepDown() {
  Log::Info("leads no longer", {{"epoch", epoch_.load()}});
  const bool yields = std::exchange(draining_, false);
  epoch_ = 0;
  observer_.EndLeading();
  told_ = {};
  leader_ = {};
  next_renewal_ = {};
  ending_ = 0;
  if (yields) return;
  store_.reset();
  locked_ = false;
}

}  // namespace leasehold::cluster
