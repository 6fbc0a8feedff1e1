#include "server/cluster/leadership.h"

#include <utility>

#include "server/logging/log.h"

namespace leasehold::cluster {
namespace {

// Between the last delivery of an old leader and the first of a new one.
constexpr absl::Duration kSafetyMargin = absl::Seconds(1);

// How long the backends of an expired leader are waited for, whose end frees the lock.
constexpr int kLockTries = 50;
constexpr absl::Duration kLockPause = absl::Milliseconds(20);

}  // namespace

Leadership::Leadership(Options options, LeadershipObserver& observer)
    : options_(std::move(options)), observer_(observer) {}

Leadership::~Leadership() { Stop(); }

void Leadership::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Leadership::Stop() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Leadership::Deposed() {
  {
    MutexLock lock(mu_);
    deposed_ = true;
  }
  changed_.notify_all();
}

bool Leadership::MayDeliver() const {
  const std::chrono::nanoseconds last(last_renewal_ns_.load());
  const auto since = Clock::now().time_since_epoch() - last;
  return leads() && absl::FromChrono(since) < options_.ttl - kSafetyMargin;
}

bool Leadership::Wait(absl::Duration duration) {
  const auto until = Clock::now() + absl::ToChronoNanoseconds(duration);
  MutexLock lock(mu_);
  while (!stopping_ && !deposed_) {
    if (changed_.wait_until(mu_, until) == std::cv_status::timeout) break;
  }
  return !stopping_;
}

void Leadership::Run() {
  do {
    bool deposed = false;
    {
      MutexLock lock(mu_);
      deposed = std::exchange(deposed_, false);
    }
    if (deposed && leads()) StepDown();
    if (!Connect()) continue;
    if (leads()) {
      Renew();
    } else {
      Follow();
    }
  } while (Wait(leads() ? options_.renewal_interval : options_.poll_interval));
  if (leads()) StepDown();
  store_.reset();
}

bool Leadership::Connect() {
  if (store_ != nullptr && !store_->lost()) return true;
  store_.reset();
  locked_ = false;
  auto connected = store::LeadershipStore::Connect(options_.connection);
  if (!connected.ok()) return false;
  store_ = *std::move(connected);
  const absl::Status registered = store_->Register(options_.address, options_.version);
  if (registered.ok() && leads()) TryLock();
  return registered.ok();
}

// Without the lock a leader would be taken over at once by the next that asks for it.
bool Leadership::TryLock() {
  if (!locked_) locked_ = store_->TryLock().value_or(false);
  return locked_;
}

void Leadership::Follow() {
  const auto seen = store_->Read();
  if (!seen.ok()) return;
  if (MayTakeOver(*seen)) TakeOver(*seen);
}

bool Leadership::MayTakeOver(const store::Leadership& seen) {
  const bool moved = seen.epoch != watched_.epoch || seen.renewals != watched_.renewals ||
                     watched_since_ == Clock::time_point();
  if (moved) {
    watched_ = seen;
    watched_since_ = Clock::now();
  }
  if (TryLock()) return true;
  return !moved && absl::FromChrono(Clock::now() - watched_since_) >= options_.ttl;
}

void Leadership::TakeOver(const store::Leadership& seen) {
  if (!seen.server_id.empty() && seen.server_id != options_.connection.server_id) {
    (void)store_->EndBackends(seen.server_id);
    for (int i = 0; i < kLockTries && !TryLock(); ++i) {
      if (!Wait(kLockPause)) return;
    }
  }
  const auto began = Clock::now();
  const auto epoch = store_->TakeOver(seen.epoch);
  if (!epoch.ok()) return;
  const auto facts = store_->ReadFacts();
  const auto read_at = Clock::now();
  if (!facts.ok()) return;
  if (!facts->durable) {
    Log::Warning(
        "the database does not keep what it commits: fsync or synchronous_commit is off; "
        "a crash loses acknowledged jobs");
  }
  epoch_ = *epoch;
  Renewed(began);
  const absl::Status begun = observer_.BeginLeading(*epoch, facts->now, read_at);
  if (begun.ok()) {
    Log::Info("leads", {{"epoch", *epoch}});
    return;
  }
  Log::Warning("cannot lead", {{"epoch", *epoch}, {"error", begun.ToString()}});
  StepDown();
}

void Leadership::Renew() {
  const auto began = Clock::now();
  const auto renewed = store_->Renew(epoch_);
  if (renewed.ok()) {
    TryLock();
    observer_.FollowClock(*renewed, Clock::now());
    return Renewed(began);
  }
  if (!absl::IsFailedPrecondition(renewed.status())) return;
  // The store of this very server may have raised the epoch a moment ago.
  const auto seen = store_->Read();
  if (!seen.ok()) return;
  if (seen->server_id == options_.connection.server_id && seen->epoch > epoch_) {
    epoch_ = seen->epoch;
    return;
  }
  StepDown();
}

void Leadership::Renewed(Clock::time_point began) {
  last_renewal_ns_ =
      std::chrono::duration_cast<std::chrono::nanoseconds>(began.time_since_epoch()).count();
}

void Leadership::StepDown() {
  Log::Info("leads no longer", {{"epoch", epoch_.load()}});
  epoch_ = 0;
  observer_.EndLeading();
  // The session lock goes with the connection.
  store_.reset();
  locked_ = false;
  watched_since_ = Clock::time_point();
}

}  // namespace leasehold::cluster
