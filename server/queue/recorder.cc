#include "server/queue/recorder.h"

#include <algorithm>
#include <utility>

#include "server/base/errors.h"
#include "server/queue/retry.h"

namespace leasehold::queue {
namespace {

absl::Status StillAwaitsSessions() {
  return RetryableError(absl::StatusCode::kUnavailable, "NO_LEADER",
                        "the new leader still waits for the sessions of the one before",
                        absl::Milliseconds(200));
}

}  // namespace

void Recorder::Report(Session& session, OutcomesFrame frame) {
  const ReportId id = ++last_report_;
  Report_& report = reports_[id];
  report.reporter = std::pair(session.number, frame.sequence);
  report.remaining = frame.outcomes.size();
  report.problems = std::move(frame.problems);
  if (frame.outcomes.empty()) Tell(id);
  for (size_t i = 0; i < frame.outcomes.size(); ++i) {
    Take(std::move(frame.outcomes[i]), {id, i});
  }
}

void Recorder::Report(CallId call, std::vector<Outcome> outcomes) {
  if (std::any_of(outcomes.begin(), outcomes.end(),
                  [this](const Outcome& outcome) { return MayBeNamedYet(outcome.token); })) {
    core_.effects.push_back(AnswerOutcomes{call, StillAwaitsSessions()});
    return;
  }
  if (std::any_of(outcomes.begin(), outcomes.end(), [this](const Outcome& outcome) {
        return (outcome.token.fencing_number >> 32) > core_.epoch;
      })) {
    // Another server leads by now, and it is for that one to say what became of its leases.
    core_.effects.push_back(AnswerOutcomes{call, NoLeader()});
    return;
  }
  const ReportId id = ++last_report_;
  Report_& report = reports_[id];
  report.reporter = call;
  report.remaining = outcomes.size();
  report.results.resize(outcomes.size());
  if (outcomes.empty()) Tell(id);
  for (size_t i = 0; i < outcomes.size(); ++i) Take(std::move(outcomes[i]), {id, i});
}

// The row of this lease may be lost, and its session still on its way back with the token.
bool Recorder::MayBeNamedYet(const LeaseToken& token) {
  return core_.AwaitsSessionsUntil() != absl::InfiniteFuture() &&
         (token.fencing_number >> 32) < core_.epoch && core_.leases.Find(token) == nullptr &&
         !core_.ended_tokens.Find(token.fencing_number).has_value();
}

void Recorder::Release(const std::vector<LeaseToken>& tokens) {
  for (const LeaseToken& token : tokens) {
    HeldLease* lease = core_.leases.Find(token);
    if (lease == nullptr || lease->ending != nullptr) continue;
    Outcome outcome;
    outcome.token = token;
    outcome.kind = OutcomeKind::kRelease;
    if (lease->overtaken) {
      EndOvertaken(*lease);
    } else {
      Begin(*lease, {.outcome = std::move(outcome)});
    }
  }
}

void Recorder::Take(Outcome outcome, Reporter reporter) {
  const LeaseToken token = outcome.token;
  HeldLease* lease = core_.leases.Find(token);
  if (lease == nullptr) {
    const auto ended = core_.ended_tokens.Find(token.fencing_number);
    const bool same = ended.has_value() && *ended == outcome.kind;
    Decide(reporter, token, same ? OutcomeResult::kRecorded : OutcomeResult::kLeaseLost);
  } else if (lease->overtaken) {
    EndOvertaken(*lease);
    Decide(reporter, token, OutcomeResult::kLeaseLost);
  } else if (lease->ending == nullptr) {
    Begin(*lease, {.outcome = std::move(outcome), .reporters = {reporter}});
  } else if (lease->ending->reported && lease->ending->outcome.kind == outcome.kind) {
    lease->ending->reporters.push_back(reporter);
  } else {
    lease->ending->late.push_back(reporter);
  }
}

void Recorder::TakeBack(HeldLease& lease) {
  if (lease.ending != nullptr) return;
  if (lease.overtaken) return EndOvertaken(lease);
  Ending ending{.reported = false};
  ending.outcome.token = lease.token;
  ending.outcome.kind = OutcomeKind::kRelease;
  Begin(lease, std::move(ending));
}

void Recorder::Sweep(HeldLease& lease, std::optional<absl::Duration> recovery_delay) {
  if (lease.ending != nullptr) return;
  if (lease.overtaken) return EndOvertaken(lease);
  Ending ending{.reported = false, .swept = true, .recovery_delay = recovery_delay};
  ending.outcome.token = lease.token;
  ending.outcome.kind = OutcomeKind::kRelease;
  Begin(lease, std::move(ending));
}

// Nothing is left to record: the job has moved on. The serial queue is free again.
void Recorder::EndOvertaken(HeldLease& lease) {
  FreeSlot(lease);
  Drop(lease.token.fencing_number);
}

void Recorder::Begin(HeldLease& lease, Ending ending) {
  if (ending.reported && lease.started) {
    const absl::Duration ran = core_.real_now - lease.started_at;
    core_.TallyOf(lease.job.task).run_seconds.push_back(absl::ToDoubleSeconds(ran));
  }
  FreeSlot(lease);
  lease.ending = std::make_unique<Ending>(std::move(ending));
  if (Session* session = core_.sessions.Find(lease.session)) ++session->unrecorded;
  waiting_.push_back(lease.token.fencing_number);
}

// The session may be given another job as soon as it has reported this one.
void Recorder::FreeSlot(const HeldLease& lease) {
  Session* session = core_.sessions.Find(lease.session);
  if (session != nullptr) {
    --session->held;
    session->running_alone = false;
  }
  core_.WantLeasing();
}

// Takes the lease out of the book and lets go of its serial queue.
std::unique_ptr<HeldLease> Recorder::Drop(uint64_t number) {
  std::unique_ptr<HeldLease> lease = core_.leases.Take(number);
  if (core_.leases.LiveInRow(lease->row) == 0) ended_rows_.push_back(lease->row);
  core_.ready.Release(lease->job, core_.now);
  return lease;
}

void Recorder::Decide(const Reporter& reporter, const LeaseToken& token, OutcomeResult result) {
  if (result == OutcomeResult::kLeaseLost) ++core_.totals.lease_lost;
  const auto found = reports_.find(reporter.report);
  if (found == reports_.end()) return;
  Report_& report = found->second;
  if (std::holds_alternative<CallId>(report.reporter)) {
    report.results[reporter.position] = result;
  } else if (result == OutcomeResult::kLeaseLost) {
    report.problems.push_back({token.Encode(), OutcomeProblem::Reason::kLeaseLost,
                               "the lease was swept, superseded or ended otherwise"});
  }
  if (--report.remaining == 0) Tell(reporter.report);
}

void Recorder::Tell(ReportId id) {
  Report_ report = std::move(reports_.at(id));
  reports_.erase(id);
  if (const CallId* call = std::get_if<CallId>(&report.reporter)) {
    core_.effects.push_back(AnswerOutcomes{*call, std::move(report.results)});
    return;
  }
  const auto& [number, sequence] = std::get<1>(report.reporter);
  Session* session = core_.sessions.Find(number);
  if (session == nullptr) return;
  core_.SendTo(*session, {RecordedFrame{sequence, std::move(report.problems)}, 0});
}

void Recorder::RefuseWaiting(const absl::Status& status) {
  for (const auto& [id, report] : std::exchange(reports_, {})) {
    if (const CallId* call = std::get_if<CallId>(&report.reporter)) {
      core_.effects.push_back(AnswerOutcomes{*call, status});
    }
  }
}

}  // namespace leasehold::queue
