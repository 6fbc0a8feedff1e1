#include "tests/simulation/executor.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "server/base/errors.h"

namespace leasehold::simulation {

Executor::Executor(Cluster& cluster, const ServerStore::Surroundings& around, std::string name,
                   double drift, client::SessionOptions options, HandlerHabits habits,
                   uint64_t seed)
    : Process(around.timeline, std::move(name), drift),
      cluster_(cluster),
      around_(around),
      options_(options),
      habits_(habits),
      chance_(seed),
      machine_(std::move(options), [this] { return chance_.Part(); }) {}

absl::Time Executor::Now() const {
  return absl::UnixEpoch() + absl::FromChrono(Monotonic().time_since_epoch());
}

void Executor::Start() {
  machine_.Start(Now());
  Perform();
}

void Executor::Stop() {
  machine_.Stop(Now());
  Perform();
}

void Executor::Perform() {
  for (auto actions = machine_.TakeActions(); !actions.empty(); actions = machine_.TakeActions()) {
    for (client::SessionAction& action : actions) {
      std::visit([this](auto& one) { Do(one); }, action);
    }
  }
  if (!ended_.has_value()) PlanTick();
}

void Executor::PlanTick() {
  const absl::Time next = machine_.NextTick();
  if (next == absl::InfiniteFuture()) return;
  // A thread sleeps a little longer than it wanted.
  const absl::Duration wait = std::max(next - Now(), absl::ZeroDuration());
  After(wait + absl::Microseconds(1), [this, tick = ++tick_] {
    if (tick != tick_ || ended_.has_value()) return;
    TellNewsNow();
    machine_.OnTick(Now());
    Perform();
  });
}

void Executor::Do(client::OpenStream& action) {
  stream_ = action.stream;
  open_ = false;
  received_ = acknowledged_ = 0;
  came_with_.clear();
  unacknowledged_.clear();
  sent_.clear();
  const auto& open = action.open->open();
  named_ = {open.held_tokens().begin(), open.held_tokens().end()};
  highest_window_ = std::max(highest_window_, open.window().jobs());
  const auto server = cluster_.server(static_cast<size_t>(action.address.back() - '0'));
  around_.story.Tell("%s opens stream %d to %s, holding %d", name(), action.stream, action.address,
                     open.held_tokens_size());
  const client::StreamId id = action.stream;
  wire_ = cluster_.network().Open(
      {.process = weak_from_this(),
       .on_frame = [this, id](const Response& frame) { Received(id, frame); },
       .on_written =
           [this, id] {
             TellNewsNow();
             machine_.OnWritten(id, Now());
             Perform();
           },
       .on_end =
           [this, id](const absl::Status& status) {
             if (id == stream_) open_ = false;
             machine_.OnStreamEnded(id, {.status = status, .retry_after = RetryDelayOf(status)},
                                    Now());
             Perform();
           }},
      server, [server](const std::shared_ptr<Wire>& wire) { server->Accept(wire, false); });
  wire_->Write(std::make_shared<v1::LeaseJobsRequest>(*action.open));
}

void Executor::Do(client::WriteFrame& action) {
  if (action.stream != stream_) return around_.story.Fault("a frame for a stream of the past");
  auto frame = std::make_shared<v1::LeaseJobsRequest>(*action.frame);
  acknowledged_ = frame->received_sequence();
  while (!unacknowledged_.empty() && unacknowledged_.front().sequence <= acknowledged_) {
    unacknowledged_.pop_front();
  }
  if (frame->has_window()) highest_window_ = std::max(highest_window_, frame->window().jobs());
  if (frame->has_outcomes()) sent_[frame->outcomes().sequence()] = frame;
  for (const v1::Outcome& outcome : frame->outcomes().outcomes()) {
    unreported_.erase(outcome.lease_token());
  }
  for (const std::string& token : frame->release().lease_tokens()) unreported_.erase(token);
  wire_->Write(frame);
}

void Executor::Do(client::CloseStream& action) {
  if (action.stream == stream_) wire_->HalfClose();
}

void Executor::Do(client::CancelStream& action) {
  if (action.stream != stream_) return;
  open_ = false;
  wire_->Cancel();
}

void Executor::Do(client::RunJobs& action) {
  for (client::HeldJob& held : action.jobs) offered_.push_back(std::move(held));
  BeginHandlers();
}

void Executor::Do(client::WithdrawJobs& action) {
  std::vector<client::HeldJob> withdrawn;
  std::deque<client::HeldJob> left;
  for (client::HeldJob& held : offered_) {
    const auto& handles = action.handles;
    const bool wanted =
        handles.empty() || std::find(handles.begin(), handles.end(), held.handle) != handles.end();
    if (wanted) {
      withdrawn.push_back(std::move(held));
    } else {
      left.push_back(std::move(held));
    }
  }
  offered_ = std::move(left);
  machine_.OnWithdrawn(std::move(withdrawn), Now());
}

void Executor::Do(client::CancelJobs& action) {
  around_.story.Count(Happening::kCancelled, static_cast<int64_t>(action.handles.size()));
  for (const client::JobHandle handle : action.handles) {
    const auto found = running_.find(handle);
    if (found == running_.end()) continue;
    found->second.cancelled = true;
    if (chance_.OneIn(2)) continue;  // it does not look
    After(chance_.Below(absl::Milliseconds(100)), [this, handle] { Finish(handle); });
  }
}

void Executor::Do(client::WriteLog& action) {
  around_.story.Tell("%s: job %s: %s", name(), action.job_id, action.message);
}

void Executor::Do(client::EndSession& action) {
  around_.story.Tell("%s ends: %s", name(), action.status.ToString());
  ended_ = action.status;
}

}  // namespace leasehold::simulation
