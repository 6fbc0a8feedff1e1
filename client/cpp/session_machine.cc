#include "client/cpp/session_machine.h"

#include <algorithm>
#include <utility>

namespace leasehold::client {
namespace {

// What the protocol allows.
constexpr int kMaxWindow = 100'000;

}  // namespace

SessionMachine::SessionMachine(SessionOptions options, Random random)
    : options_(std::move(options)),
      reconnect_(options_.addresses, std::move(random)),
      prefetch_(options_.concurrency, options_.prefetch) {}

void SessionMachine::Start(absl::Time now) {
  last_contact_ = now;
  Connect(now);
}

void SessionMachine::OnFrame(StreamId stream, const FrameFromServer& frame, absl::Time now) {
  if (stream != stream_.id || phase_ == Phase::kClosing) return;
  stream_.last_heard = last_contact_ = now;
  if (frame->epoch() != 0 && frame->epoch() < epoch_) return OnOldEpoch(*frame, now);
  epoch_ = std::max<uint64_t>(epoch_, frame->epoch());
  if (stream_.open == frame->has_opened()) return;

  switch (frame->frame_case()) {
    case v1::LeaseJobsResponse::kOpened:
      OnOpened(frame->opened(), now);
      break;
    case v1::LeaseJobsResponse::kJobs:
      OnJobs(frame, now);
      break;
    case v1::LeaseJobsResponse::kRecorded:
      OnRecorded(frame->recorded());
      break;
    case v1::LeaseJobsResponse::kRecall:
      OnRecall(frame->recall());
      break;
    case v1::LeaseJobsResponse::kCancel:
      OnCancel(frame->cancel());
      break;
    case v1::LeaseJobsResponse::kRevoke:
      OnRevoke(frame->revoke());
      break;
    case v1::LeaseJobsResponse::kHandover:
      reconnect_.Prefer(
          {frame->handover().addresses().begin(), frame->handover().addresses().end()});
      ConnectAgain(now);
      break;
    case v1::LeaseJobsResponse::kIdle:
      idle_ = true;
      break;
    case v1::LeaseJobsResponse::kHeartbeat:
      // Ours goes along: one wake-up for both, here and at the server.
      stream_.reply_wanted |=
          frame->heartbeat().reply() || now >= stream_.last_written + heartbeat_interval_ / 2;
      break;
    case v1::LeaseJobsResponse::FRAME_NOT_SET:
      break;
  }
  Flush(now);
}

void SessionMachine::OnWritten(StreamId stream, absl::Time now) {
  if (stream != stream_.id) return;
  stream_.writing = false;
  Flush(now);
}

void SessionMachine::OnHandlers(const std::vector<JobHandle>& started,
                                std::vector<FinishedJob> finished, absl::Time now) {
  for (const JobHandle handle : started) {
    Lease* lease = leases_.Find(handle);
    if (lease == nullptr || lease->state != LeaseState::kOffered) continue;
    lease->state = LeaseState::kStarted;
    stream_.started.push_back(handle);
  }
  offered_ -= static_cast<int>(finished.size());
  prefetch_.Ended(static_cast<int>(finished.size()));
  for (FinishedJob& one : finished) Finish(std::move(one));
  Flush(now);
}

void SessionMachine::OnWithdrawn(std::vector<HeldJob> jobs, absl::Time now) {
  offered_ -= static_cast<int>(jobs.size());
  std::vector<HeldJob> again;
  for (HeldJob& held : jobs) {
    const Lease* lease = leases_.Find(held.handle);
    if (lease == nullptr) continue;
    if (lease->state == LeaseState::kLost) {
      leases_.Erase(held.handle);
    } else if (leaving() || lease->recalled) {
      GiveBack(held.handle);
    } else {
      again.push_back(std::move(held));
    }
  }
  leases_.WaitAgain(again);
  Flush(now);
}

void SessionMachine::SetTasks(std::vector<std::string> tasks, absl::Time now) {
  if (tasks == options_.tasks && !paused_) return;
  paused_ = tasks.empty();
  if (!paused_) options_.tasks = std::move(tasks);
  if (leaving() || stream_.id == 0) return;
  CancelStreamNow();
  Connect(now);
}

void SessionMachine::Stop(absl::Time now) {
  if (leaving()) return;
  BeginStop(absl::OkStatus(), now);
  Flush(now);
}

void SessionMachine::OnTick(absl::Time now) {
  CheckDeadlines(now);
  if (phase_ == Phase::kEnded) return;
  CheckContact(now);
  if (stream_.id == 0 && now >= reconnect_at_) Connect(now);
  Flush(now);
}

int SessionMachine::Window() const {
  if (leaving() || paused_) return 0;
  return std::min(options_.concurrency + prefetch_.jobs(), kMaxWindow);
}

std::vector<SessionAction> SessionMachine::TakeActions() { return std::exchange(actions_, {}); }

absl::Time SessionMachine::NextTick() const {
  if (phase_ == Phase::kEnded) return absl::InfiniteFuture();
  if (phase_ == Phase::kClosing) return close_deadline_;
  absl::Time next = std::min({reconnect_at_, grace_deadline_, record_deadline_});
  if (without_server_) return next;
  if (!stream_.open) next = std::min(next, last_contact_ + options_.give_up_after);
  if (stream_.id != 0 && !stream_.open) next = std::min(next, stream_.open_deadline);
  if (stream_.open) next = std::min(next, stream_.last_heard + 2 * heartbeat_interval_);
  if (stream_.open && !stream_.writing) {
    next = std::min({next, stream_.receipt_due, NextHeartbeat()});
  }
  return next;
}

void SessionMachine::Log(LogLevel level, std::string message) {
  actions_.emplace_back(WriteLog{.level = level, .message = std::move(message)});
}

void SessionMachine::LogJob(LogLevel level, const Lease& lease, std::string message) {
  actions_.emplace_back(WriteLog{.level = level,
                                 .message = std::move(message),
                                 .job_id = lease.job->id(),
                                 .task = lease.job->task(),
                                 .attempt = lease.job->attempt()});
}

}  // namespace leasehold::client
