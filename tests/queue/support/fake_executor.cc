#include "tests/queue/support/fake_executor.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"

namespace leasehold::fake {
FakeExecutor::FakeExecutor(QueueHarness& harness, ExecutorOptions options)
    : harness_(&harness), highest_window_(options.window), options_(std::move(options)) {}

void FakeExecutor::Connect(QueueHarness& harness) {
  harness_ = &harness;
  std::vector<LeaseToken> held;
  for (const auto& [id, lease] : held_) held.push_back(lease.token);
  ConnectNaming(std::move(held));
}

void FakeExecutor::ConnectNaming(std::vector<LeaseToken> held) {
  queue::OpenFrame open;
  open.executor_name = options_.name;
  open.session_id = session_id_;
  open.held = std::move(held);
  open.tasks = options_.tasks;
  open.forbidden_flags = options_.forbidden_flags;
  open.window = {options_.window, options_.window_bytes};
  open.once = options_.once;
  open.epoch = epoch_;
  received_ = acknowledged_ = unacknowledged_bytes_ = 0;
  last_sent_ = harness_->now();
  end_ = absl::OkStatus();
  stream_ = harness_->OpenStream(*this, std::move(open));
  harness_->Settle();
}

void FakeExecutor::Break(bool visibly) {
  const queue::StreamId stream = std::exchange(stream_, 0);
  harness_->EndStream(stream, visibly);
  harness_->Settle();
}

Outcome FakeExecutor::Ended(JobId job, OutcomeKind kind) {
  Outcome outcome;
  outcome.token = held_.at(job).token;
  outcome.kind = kind;
  held_.erase(job);
  return outcome;
}

void FakeExecutor::CompleteAll() {
  for (const JobId job : Held()) Complete(job);
}

void FakeExecutor::Fail(JobId job, const std::string& error) {
  Outcome outcome = Ended(job, OutcomeKind::kFail);
  outcome.error = error;
  Send({std::move(outcome)});
}

void FakeExecutor::GiveUp(JobId job) {
  Outcome outcome = Ended(job, OutcomeKind::kFail);
  outcome.permanent = true;
  Send({std::move(outcome)});
}

void FakeExecutor::Say(JobId, Outcome outcome) { Send({std::move(outcome)}); }

int64_t FakeExecutor::Send(std::vector<Outcome> outcomes) {
  const int64_t sequence = ++sequence_;
  Resend(sequence, std::move(outcomes));
  return sequence;
}

void FakeExecutor::Resend(int64_t sequence, std::vector<Outcome> outcomes) {
  SendFrame(queue::OutcomesFrame{sequence, std::move(outcomes), {}});
}

void FakeExecutor::Start(JobId job) { SendFrame(queue::StartedFrame{{held_.at(job).token}}); }

void FakeExecutor::Release(std::vector<JobId> jobs) {
  queue::ReleaseFrame frame;
  for (const JobId job : jobs) {
    frame.tokens.push_back(held_.at(job).token);
    held_.erase(job);
  }
  SendFrame(std::move(frame));
}

void FakeExecutor::SetWindow(int jobs) {
  options_.window = jobs;
  highest_window_ = std::max(highest_window_, jobs);
  SendFrame(queue::WindowFrame{jobs, options_.window_bytes});
}

void FakeExecutor::SendFrame(decltype(queue::ExecutorFrame::frame) frame) {
  if (stream_ == 0) return;
  last_sent_ = harness_->now();
  if (acknowledges) {
    acknowledged_ = received_;
    unacknowledged_bytes_ = 0;
  }
  harness_->Apply(queue::FrameReceived{stream_, {std::move(frame), acknowledged_}});
  harness_->Settle();
}

std::vector<JobId> FakeExecutor::Came() { return std::exchange(came_, {}); }

std::vector<JobId> FakeExecutor::Held() const {
  std::vector<JobId> ids;
  for (const auto& [id, lease] : held_) ids.push_back(id);
  return ids;
}

void FakeExecutor::Read(const queue::ServerFrame& frame, absl::Time) {
  ++frames_;
  if (frame.epoch < epoch_) return;
  epoch_ = frame.epoch;
  if (const auto* jobs = std::get_if<queue::JobsFrame>(&frame.frame)) {
    ReadJobs(*jobs);
  } else if (const auto* opened = std::get_if<queue::OpenedFrame>(&frame.frame)) {
    ReadOpened(*opened);
  } else if (const auto* done = std::get_if<queue::RecordedFrame>(&frame.frame)) {
    recorded[done->sequence] = done->problems;
  } else if (const auto* recall = std::get_if<queue::RecallFrame>(&frame.frame)) {
    recalled.insert(recalled.end(), recall->tokens.begin(), recall->tokens.end());
  } else if (const auto* cancel = std::get_if<queue::CancelFrame>(&frame.frame)) {
    cancelled.insert(cancelled.end(), cancel->tokens.begin(), cancel->tokens.end());
  } else if (const auto* revoke = std::get_if<queue::RevokeFrame>(&frame.frame)) {
    for (const LeaseToken& token : revoke->tokens) {
      revoked.push_back(token);
      const auto held = held_.find(token.job_id);
      if (held != held_.end() && held->second.token == token) held_.erase(held);
    }
  } else if (std::holds_alternative<queue::HandoverFrame>(frame.frame)) {
    ++handovers;
  } else if (std::holds_alternative<queue::IdleFrame>(frame.frame)) {
    ++idles;
  } else if (const auto* beat = std::get_if<queue::ServerHeartbeatFrame>(&frame.frame)) {
    ++(beat->reply ? heartbeats_wanting_reply : heartbeats);
  }
}

void FakeExecutor::ReadJobs(const queue::JobsFrame& frame) {
  int64_t bytes = 0;
  for (const queue::LeasedJob& job : frame.jobs) {
    bytes += static_cast<int64_t>(job.job.payload.size());
    held_[job.job.id] = job;
    came_.push_back(job.job.id);
  }
  if (frame.sequence != received_ + 1) {
    harness_->tables().violations.push_back("a jobs frame is out of sequence");
  }
  received_ = frame.sequence;
  CheckWindow(frame, bytes);
  unacknowledged_bytes_ += bytes;
}

void FakeExecutor::CheckWindow(const queue::JobsFrame& frame, int64_t bytes) {
  std::vector<std::string>& violations = harness_->tables().violations;
  if (held_.size() > static_cast<size_t>(highest_window_)) {
    violations.push_back(absl::StrFormat("%s holds %d jobs, its window is %d", options_.name,
                                         held_.size(), highest_window_));
  }
  const bool alone = frame.jobs.size() == 1 && unacknowledged_bytes_ == 0;
  if (!alone && unacknowledged_bytes_ + bytes > options_.window_bytes) {
    violations.push_back(absl::StrFormat("%s has %d unacknowledged bytes, its window is %d",
                                         options_.name, unacknowledged_bytes_ + bytes,
                                         options_.window_bytes));
  }
}

// What is not resumed is lost.
void FakeExecutor::ReadOpened(const queue::OpenedFrame& frame) {
  opened_ = frame;
  session_id_ = frame.session_id;
  std::erase_if(held_, [&frame](const auto& held) {
    const auto& resumed = frame.resumed_tokens;
    return std::find(resumed.begin(), resumed.end(), held.second.token.Encode()) == resumed.end();
  });
}

void FakeExecutor::Ended(const absl::Status& status) {
  stream_ = 0;
  end_ = status;
}

// A receipt is due within 100 ms.
absl::Time FakeExecutor::NextBeat() const {
  if (stream_ == 0 || !beats) return absl::InfiniteFuture();
  if (acknowledges && acknowledged_ < received_) return last_sent_ + absl::Milliseconds(100);
  return last_sent_ + beat_interval;
}

void FakeExecutor::Beat() {
  if (stream_ == 0) return;
  last_sent_ = harness_->now();
  if (acknowledges) {
    acknowledged_ = received_;
    unacknowledged_bytes_ = 0;
  }
  harness_->Apply(queue::FrameReceived{stream_, {queue::HeartbeatFrame{}, acknowledged_}});
}

}  // namespace leasehold::fake
