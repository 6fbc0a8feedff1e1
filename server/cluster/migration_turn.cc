#include "server/cluster/migration_turn.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/cluster/watched.h"
#include "server/logging/log.h"

namespace leasehold::cluster {
namespace {

constexpr std::chrono::milliseconds kPause(20);
constexpr std::chrono::seconds kAskInterval(1);
// How long the connections of a leader may take to end.
constexpr std::chrono::seconds kEndingTime(5);

absl::Status Cancelled() { return absl::CancelledError("stopped while waiting to migrate"); }

absl::Status MayNotAsk(const store::Leadership& leader) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "the schema needs a migration that the running servers cannot live with, server %s at %s "
      "leads, and --max-migration-wait is 0: stop the servers first, or leave --max-migration-wait "
      "out",
      leader.server_id, leader.address));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MigrationTurn>> MigrationTurn::Take(
    Options options, std::unique_ptr<store::LeadershipStore> store) {
  std::unique_ptr<MigrationTurn> turn(new MigrationTurn(std::move(options), std::move(store)));
  absl::Status status = turn->store_->Register(turn->options_.row);
  if (status.ok()) status = turn->AskUntilYielded();
  if (absl::IsDeadlineExceeded(status)) status = turn->Force();
  if (status.ok()) status = turn->Fence();
  if (!status.ok()) return status;
  turn->asker_ = std::thread([asking = turn.get()] { asking->KeepAsking(); });
  return turn;
}

MigrationTurn::~MigrationTurn() {
  {
    MutexLock lock(mu_);
    over_ = true;
  }
  changed_.notify_all();
  if (asker_.joinable()) asker_.join();
  (void)store_->StopAsking();
}

absl::Status MigrationTurn::AskUntilYielded() {
  const auto began = Clock::now();
  auto next_asking = began;
  Watched leader;
  Watched asker;
  while (!options_.stop()) {
    const auto now = Clock::now();
    const auto seen = store_->Read();
    if (!seen.ok()) return seen.status();
    // Seen after the question, judged by its time: an answer may be as old as that.
    leader.See(seen->server_id, seen->renewals, Clock::now());
    asker.See(seen->wanted_by, seen->wanted_ticks, Clock::now());
    const auto locked = store_->TryLock();
    if (!locked.ok()) return locked.status();
    const bool another = !seen->wanted_by.empty() && seen->wanted_by != options_.server_id;
    const bool other_is_gone = another && asker.Stands(now, options_.ttl);
    if (another && !other_is_gone && !*locked) {
      return absl::AbortedError(seen->wanted_by + " has its turn");
    }
    if (!*locked && options_.max_wait == absl::ZeroDuration()) return MayNotAsk(*seen);
    if (now >= next_asking || *locked) {
      const auto asks = store_->Ask(other_is_gone);
      if (!asks.ok()) return asks.status();
      if (now == began && !*locked) {
        Log::Info("asks for the leadership", {{"leader", seen->server_id}, {"at", seen->address}});
      }
      next_asking = now + kAskInterval;
      if (!*asks) return absl::AbortedError("another server has its turn");
      if (*locked) return absl::OkStatus();
    }
    if (leader.Stands(now, options_.ttl) || absl::FromChrono(now - began) >= options_.max_wait) {
      return absl::DeadlineExceededError("the leader does not yield");
    }
    std::this_thread::sleep_for(kPause);
  }
  return Cancelled();
}

absl::Status MigrationTurn::Force() {
  const auto give_up = Clock::now() + kEndingTime;
  while (!options_.stop()) {
    const auto seen = store_->Read();
    if (!seen.ok()) return seen.status();
    Log::Warning("takes the leadership without being given it",
                 {{"leader", seen->server_id}, {"at", seen->address}});
    if (seen->server_id != options_.server_id) (void)store_->EndBackends(seen->server_id);
    const auto locked = store_->TryLock();
    if (!locked.ok()) return locked.status();
    // The fence keeps it out in any case.
    if (*locked || Clock::now() >= give_up) return absl::OkStatus();
    std::this_thread::sleep_for(kPause);
  }
  return Cancelled();
}

// From here on nothing that the leader before sends is written.
absl::Status MigrationTurn::Fence() {
  while (!options_.stop()) {
    const auto seen = store_->Read();
    if (!seen.ok()) return seen.status();
    const auto epoch = store_->TakeOver(seen->epoch);
    if (epoch.ok()) return absl::OkStatus();
    if (!absl::IsAborted(epoch.status()) && !absl::IsFailedPrecondition(epoch.status())) {
      return epoch.status();
    }
    if (!seen->server_id.empty() && seen->server_id != options_.server_id) {
      (void)store_->EndBackends(seen->server_id);
    }
    std::this_thread::sleep_for(kPause);
  }
  return Cancelled();
}

void MigrationTurn::KeepAsking() {
  MutexLock lock(mu_);
  while (!over_) {
    mu_.Unlock();
    (void)store_->Ask(/*other_is_gone=*/false);
    mu_.Lock();
    if (!over_) changed_.wait_for(mu_, kAskInterval);
  }
}

}  // namespace leasehold::cluster
