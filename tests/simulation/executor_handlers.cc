#include <utility>

#include "absl/strings/str_format.h"
#include "tests/simulation/executor.h"

// What handlers do with their jobs.
namespace leasehold::simulation {

OutcomeKind KindOf(const v1::Outcome& outcome) {
  switch (outcome.result_case()) {
    case v1::Outcome::kFail:
      return OutcomeKind::kFail;
    case v1::Outcome::kRelease:
      return OutcomeKind::kRelease;
    default:
      return OutcomeKind::kComplete;
  }
}

void Executor::BeginHandlers() {
  while (!offered_.empty() && static_cast<int>(running_.size()) < options_.concurrency) {
    client::HeldJob held = std::move(offered_.front());
    offered_.pop_front();
    Begin(std::move(held));
  }
}

// Never without an open stream on which its receipt was sent.
void Executor::Begin(client::HeldJob held) {
  const v1::LeasedJob& job = *held.job;
  const auto token = LeaseToken::Parse(job.lease_token());
  const auto came = came_with_.find(job.lease_token());
  const bool acknowledged =
      came != came_with_.end() ? came->second <= acknowledged_ : named_.contains(job.lease_token());
  if (!open_) around_.story.Fault(absl::StrFormat("job %s starts without a stream", job.id()));
  if (!acknowledged) {
    around_.story.Fault(absl::StrFormat("job %s starts before its receipt", job.id()));
  }
  around_.oracle.Started(*token, job.payload());
  running_[held.handle] = {held.job};
  if (!held.announced) {
    started_.push_back(held.handle);
    After(absl::ZeroDuration(), [this] { TellNews(); });
  }
  const absl::Duration time =
      chance_.Is(habits_.long_runs) ? chance_.Below(habits_.longest) : chance_.Below(habits_.usual);
  After(time, [this, handle = held.handle] { Finish(handle); });
}

void Executor::Finish(client::JobHandle handle) {
  const auto found = running_.find(handle);
  if (found == running_.end()) return;
  client::FinishedJob finished{handle, AnyOutcome(*found->second.job, found->second.cancelled)};
  running_.erase(found);
  if (chance_.Is(habits_.reports_twice)) ReportAgain(finished.outcome);
  finished_.push_back(std::move(finished));
  BeginHandlers();
  TellNews();
}

v1::Outcome Executor::AnyOutcome(const v1::LeasedJob& job, bool cancelled) {
  v1::Outcome outcome;
  outcome.set_lease_token(job.lease_token());
  if (cancelled && chance_.OneIn(2)) {
    outcome.mutable_release();
  } else if (chance_.Is(habits_.releases)) {
    outcome.mutable_release()->mutable_delay()->set_seconds(1);
  } else if (chance_.Is(habits_.fails)) {
    outcome.mutable_fail()->set_error("it failed");
    if (chance_.OneIn(2)) outcome.mutable_fail()->mutable_retry_after()->set_seconds(1);
    if (chance_.OneIn(10)) outcome.mutable_fail()->set_permanent(true);
  } else {
    outcome.mutable_complete();
  }
  return outcome;
}

void Executor::ReportAgain(const v1::Outcome& outcome) {
  const auto server = cluster_.server(static_cast<size_t>(chance_.Up(2)));
  const OutcomeKind kind = KindOf(outcome);
  if (server == nullptr || kind == OutcomeKind::kRelease) return;
  Outcome report;
  report.token = *LeaseToken::Parse(outcome.lease_token());
  report.kind = kind;
  report.error = outcome.fail().error();
  around_.story.Count(Happening::kCallDuplicated);
  Forget(outcome.lease_token());
  const auto answered = [&oracle = around_.oracle, report](const auto& results) {
    if (!results.ok()) return;
    if (results->front() == OutcomeResult::kRecorded) {
      oracle.Confirmed(report.token, report.kind);
    } else {
      oracle.Lost(report.token, report.kind);
    }
  };
  around_.timeline.After(cluster_.network().Delay(), [server, report, answered] {
    server->Do([server, report, answered] { server->Report({report}, false, answered); });
  });
}

void Executor::TellNews() {
  if (!machine_.writing()) TellNewsNow();
}

void Executor::TellNewsNow() {
  if (ended_.has_value() || (started_.empty() && finished_.empty())) return;
  machine_.OnHandlers(std::exchange(started_, {}), std::exchange(finished_, {}), Now());
  Perform();
}

}  // namespace leasehold::simulation
