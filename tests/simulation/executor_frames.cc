#include <map>
#include <utility>

#include "absl/strings/str_format.h"
#include "tests/simulation/executor.h"

// What an executor is told, and whether it may be.
namespace leasehold::simulation {
namespace {

constexpr int64_t kWindowBytes = 4 << 20;

}  // namespace

void Executor::Received(client::StreamId stream, const Response& frame) {
  // What is of an older epoch than it has seen does not count.
  if (stream == stream_ && (frame->epoch() == 0 || frame->epoch() >= epoch_)) {
    epoch_ = std::max<uint64_t>(epoch_, frame->epoch());
    CountFrame(*frame);
    if (frame->has_opened()) NoteOpened(frame->opened());
    if (frame->has_jobs() && open_) CheckWindow(frame->jobs());
    if (frame->has_recorded() && open_) CheckOutcomes(frame->recorded());
    for (const std::string& token : frame->revoke().lease_tokens()) Forget(token);
  }
  machine_.OnFrame(stream, frame, Now());
  Perform();
}

void Executor::Forget(const std::string& token) {
  unreported_.erase(token);
  std::erase_if(unacknowledged_, [&token](const auto& one) { return one.token == token; });
}

void Executor::CountFrame(const v1::LeaseJobsResponse& frame) {
  Story& story = around_.story;
  story.Count(Happening::kRevoked, frame.revoke().lease_tokens_size());
  story.Count(Happening::kRecalled, frame.recall().lease_tokens_size());
  for (const auto& job : frame.jobs().jobs()) {
    story.Tell("%s gets job %s of epoch %d, lease %d", name(), job.id(), frame.epoch(),
               job.fencing_number() & 0xFFFFFFFF);
  }
}

void Executor::NoteOpened(const v1::LeaseJobsResponse::Opened& opened) {
  open_ = true;
  around_.story.Count(opened.resumed() ? Happening::kResumed : Happening::kNotResumed);
  around_.story.Count(Happening::kTokenLost, opened.lost_tokens_size());
  for (const std::string& token : opened.lost_tokens()) {
    unreported_.erase(token);
    named_.erase(token);
  }
  // What it gave back without a stream it has not named.
  std::erase_if(unreported_, [this](const std::string& token) { return !named_.contains(token); });
}

// Never more unacknowledged than the window, in count and bytes; one job is always let through.
void Executor::CheckWindow(const v1::LeaseJobsResponse::Jobs& jobs) {
  received_ = jobs.sequence();
  int64_t waiting = 0;
  for (const Unacknowledged& one : unacknowledged_) waiting += one.bytes;
  int64_t bytes = 0;
  for (const v1::LeasedJob& job : jobs.jobs()) {
    const auto size = static_cast<int64_t>(job.payload().size());
    bytes += size;
    came_with_[job.lease_token()] = jobs.sequence();
    unacknowledged_.push_back({jobs.sequence(), job.lease_token(), size});
    if (!unreported_.insert(job.lease_token()).second) {
      around_.story.Fault(absl::StrFormat("%s gets lease of job %s twice", name(), job.id()));
    }
  }
  if (waiting + bytes > kWindowBytes && (waiting > 0 || jobs.jobs_size() > 1)) {
    around_.story.Fault(absl::StrFormat("%s gets %d bytes beside %d: more than its window", name(),
                                        bytes, waiting));
  }
  if (static_cast<int>(unreported_.size()) > highest_window_) {
    around_.story.Fault(absl::StrFormat("%s holds %d jobs, but its window was never above %d",
                                        name(), unreported_.size(), highest_window_));
  }
}

void Executor::CheckOutcomes(const v1::LeaseJobsResponse::Recorded& recorded) {
  const auto sent = sent_.find(recorded.sequence());
  if (sent == sent_.end()) return;
  std::map<std::string, std::string> problems;
  for (const v1::OutcomeResult& result : recorded.results()) {
    if (result.code() != 0) problems[result.lease_token()] = result.reason();
  }
  for (const v1::Outcome& outcome : sent->second->outcomes().outcomes()) {
    const auto token = LeaseToken::Parse(outcome.lease_token());
    const auto problem = problems.find(outcome.lease_token());
    if (problem == problems.end()) {
      around_.oracle.Confirmed(*token, KindOf(outcome));
    } else if (problem->second == "LEASE_LOST") {
      around_.oracle.Lost(*token, KindOf(outcome));
    }
  }
  sent_.erase(sent);
}

}  // namespace leasehold::simulation
