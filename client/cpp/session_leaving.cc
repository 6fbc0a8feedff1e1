#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/cpp/session_machine.h"

// SessionMachine: stopping and the end.
namespace leasehold::client {
namespace {

// For the server to end the stream after the last frame.
constexpr absl::Duration kCloseTimeout = absl::Seconds(2);

}  // namespace

void SessionMachine::BeginStop(absl::Status result, absl::Time now) {
  phase_ = Phase::kStopping;
  result_ = std::move(result);
  grace_deadline_ = now + options_.grace_period;
  stream_.window_changed = stream_.drain_wanted = true;
  std::vector<JobHandle> waiting;
  std::vector<JobHandle> running;
  for (const auto& [handle, lease] : leases_.InOrder()) {
    if (lease->state == LeaseState::kWaiting) waiting.push_back(handle);
    if (lease->state == LeaseState::kOffered || lease->state == LeaseState::kStarted) {
      running.push_back(handle);
    }
  }
  for (const JobHandle handle : waiting) GiveBack(handle);
  Withdraw({});
  if (!running.empty()) {
    actions_.emplace_back(
        CancelJobs{.handles = std::move(running), .reason = "the executor is stopping"});
  }
}

void SessionMachine::BeginStopWithoutServer(absl::Status result, absl::Time now) {
  without_server_ = true;
  reconnect_at_ = absl::InfiniteFuture();
  if (leaving()) {
    result_ = std::move(result);
  } else {
    BeginStop(std::move(result), now);
  }
  LoseOutcomes("no server takes it");
}

void SessionMachine::CheckDeadlines(absl::Time now) {
  if (phase_ == Phase::kClosing && now >= close_deadline_) {
    CancelStreamNow();
    return End(result_);
  }
  if (phase_ != Phase::kStopping) return;
  if (now >= grace_deadline_) AbandonHandlers();
  if (now >= record_deadline_ && !leases_.empty()) {
    const size_t unrecorded = leases_.size();
    LoseOutcomes("it was not recorded in time");
    CancelStreamNow();
    End(absl::DeadlineExceededError(
        absl::StrFormat("%d results were not recorded within %s after their handlers ended; their "
                        "jobs run again",
                        unrecorded, absl::FormatDuration(options_.record_timeout))));
  }
}

void SessionMachine::AbandonHandlers() {
  grace_deadline_ = absl::InfiniteFuture();
  std::vector<JobHandle> lost;
  int abandoned = 0;
  for (const auto& [handle, lease] : leases_.InOrder()) {
    if (lease->state == LeaseState::kEnded) continue;
    ++abandoned;
    LogJob(LogLevel::kWarning, *lease, "still runs after the grace period: it is given back");
    if (lease->state == LeaseState::kLost || without_server_) {
      lost.push_back(handle);
      continue;
    }
    lease->state = LeaseState::kEnded;
    FinishedJob release{.handle = handle, .outcome = {}};
    release.outcome.set_lease_token(lease->token());
    const int64_t delay = absl::ToInt64Nanoseconds(options_.interrupted_job_delay);
    release.outcome.mutable_release()->mutable_delay()->set_seconds(delay / 1'000'000'000);
    release.outcome.mutable_release()->mutable_delay()->set_nanos(
        static_cast<int32_t>(delay % 1'000'000'000));
    outbox_.Add(std::move(release));
  }
  for (const JobHandle handle : lost) leases_.Erase(handle);
  if (abandoned > 0 && result_.ok()) {
    result_ = absl::DeadlineExceededError(absl::StrFormat(
        "%d handlers ignored their cancellation for %s and still run: end the process", abandoned,
        absl::FormatDuration(options_.grace_period)));
  }
}

void SessionMachine::CheckLeft(absl::Time now) {
  if (phase_ != Phase::kStopping) return;
  if (record_deadline_ == absl::InfiniteFuture() && !leases_.AnyNotEnded()) {
    record_deadline_ = now + options_.record_timeout;
  }
  if (!leases_.empty()) return;
  if (!stream_.open) {
    CancelStreamNow();
    return End(result_);
  }
  const bool unsaid = stream_.window_changed || stream_.drain_wanted || !stream_.released.empty();
  if (stream_.writing || unsaid) return;
  phase_ = Phase::kClosing;
  grace_deadline_ = record_deadline_ = absl::InfiniteFuture();
  close_deadline_ = now + kCloseTimeout;
  actions_.emplace_back(CloseStream{stream_.id});
}

void SessionMachine::LoseOutcomes(const std::string& reason) {
  std::vector<JobHandle> ended;
  for (const auto& [handle, lease] : leases_.InOrder()) {
    if (lease->state != LeaseState::kEnded) continue;
    LogJob(LogLevel::kWarning, *lease, "its result is lost: " + reason);
    ended.push_back(handle);
  }
  for (const JobHandle handle : ended) leases_.Erase(handle);
  outbox_ = {};
}

void SessionMachine::End(absl::Status result) {
  phase_ = Phase::kEnded;
  actions_.emplace_back(EndSession{std::move(result)});
}

}  // namespace leasehold::client
