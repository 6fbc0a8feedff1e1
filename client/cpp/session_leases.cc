#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/cpp/session_machine.h"

// SessionMachine: jobs, and what becomes of them.
namespace leasehold::client {
namespace {

// protocol.md allows 100 ms.
constexpr absl::Duration kReceiptDelay = absl::Milliseconds(50);

std::string Describe(const v1::Outcome& outcome) {
  switch (outcome.result_case()) {
    case v1::Outcome::kFail:
      return absl::StrFormat("fail (%s)", outcome.fail().error());
    case v1::Outcome::kRelease:
      return "release";
    default:
      return "complete";
  }
}

template <typename Tokens>
std::unordered_set<std::string> SetOf(const Tokens& tokens) {
  return {tokens.begin(), tokens.end()};
}

}  // namespace

void SessionMachine::OnJobs(const FrameFromServer& frame, absl::Time now) {
  const v1::LeaseJobsResponse::Jobs& jobs = frame->jobs();
  idle_ = false;
  stream_.received_sequence = jobs.sequence();
  stream_.receipt_due = std::min(stream_.receipt_due, now + kReceiptDelay);
  for (const v1::LeasedJob& job : jobs.jobs()) {
    // It was on its way when the stream before ended, and is here already: it runs once.
    if (stream_.resumed.contains(job.lease_token())) continue;
    const JobHandle handle = leases_.Add({frame, &job});
    if (leaving()) GiveBack(handle);
  }
  prefetch_.Came(leases_.size() - outbox_.size() >= static_cast<size_t>(Window()) / 2);
}

void SessionMachine::OnRecorded(const v1::LeaseJobsResponse::Recorded& recorded) {
  const auto frame = outbox_.Recorded(recorded.sequence());
  if (!frame.has_value()) return;
  ahead_ = std::min(prefetch_.jobs(), std::max(1, 2 * ahead_));
  std::unordered_map<std::string, const v1::OutcomeResult*> refused;
  for (const v1::OutcomeResult& result : recorded.results()) {
    if (result.code() != 0) refused.emplace(result.lease_token(), &result);
  }
  for (size_t i = 0; i < frame->handles.size(); ++i) {
    const JobHandle handle = frame->handles[i];
    if (refused.empty()) {
      leases_.Erase(handle);
      continue;
    }
    const v1::Outcome& outcome = frame->message->outcomes().outcomes(static_cast<int>(i));
    const auto it = refused.find(outcome.lease_token());
    if (it == refused.end()) {
      leases_.Erase(handle);
    } else {
      OnRefused(handle, outcome, *it->second);
    }
  }
}

void SessionMachine::OnRefused(JobHandle handle, const v1::Outcome& outcome,
                               const v1::OutcomeResult& result) {
  Lease& lease = *leases_.Find(handle);
  LogJob(LogLevel::kWarning, lease,
         absl::StrFormat("its result does not count: %s; %s %s", Describe(outcome), result.reason(),
                         result.message()));
  if (result.reason() != "INVALID_OUTCOME" || lease.refused) {
    leases_.Erase(handle);
    return;
  }
  // The server still waits for a result: this one it can take.
  lease.refused = true;
  FinishedJob plain{.handle = handle, .outcome = {}};
  plain.outcome.set_lease_token(lease.token());
  plain.outcome.mutable_fail()->set_error("the server refused the result: " + result.message());
  outbox_.Add(std::move(plain));
}

void SessionMachine::OnRecall(const v1::LeaseJobsResponse::Recall& recall) {
  std::vector<JobHandle> offered;
  for (const JobHandle handle : leases_.FindTokens(SetOf(recall.lease_tokens()))) {
    Lease& lease = *leases_.Find(handle);
    if (lease.state == LeaseState::kWaiting) {
      GiveBack(handle);
    } else if (lease.state == LeaseState::kOffered) {
      lease.recalled = true;
      offered.push_back(handle);
    }
  }
  if (!offered.empty()) Withdraw(std::move(offered));
}

void SessionMachine::OnCancel(const v1::LeaseJobsResponse::Cancel& cancel) {
  std::vector<JobHandle> running;
  for (const JobHandle handle : leases_.FindTokens(SetOf(cancel.lease_tokens()))) {
    Lease& lease = *leases_.Find(handle);
    if (lease.state == LeaseState::kWaiting) {
      GiveBack(handle);
    } else if (lease.state == LeaseState::kOffered || lease.state == LeaseState::kStarted) {
      // If no handler has begun, it goes back too.
      lease.recalled = true;
      running.push_back(handle);
    }
  }
  if (!running.empty()) WithdrawOrCancel(std::move(running), cancel.reason());
}

void SessionMachine::OnRevoke(const v1::LeaseJobsResponse::Revoke& revoke) {
  Lose(leases_.FindTokens(SetOf(revoke.lease_tokens())),
       revoke.reason().empty() ? "the lease was lost" : revoke.reason());
}

void SessionMachine::Finish(FinishedJob finished) {
  Lease* lease = leases_.Find(finished.handle);
  if (lease == nullptr || lease->state == LeaseState::kEnded) {
    Log(LogLevel::kWarning,
        absl::StrFormat(
            "a handler ended after its job was given back; its result does not count: %s",
            Describe(finished.outcome)));
    return;
  }
  if (lease->state == LeaseState::kLost || without_server_) {
    LogJob(LogLevel::kWarning, *lease,
           absl::StrFormat("the lease is lost; its result does not count: %s",
                           Describe(finished.outcome)));
    leases_.Erase(finished.handle);
    return;
  }
  lease->state = LeaseState::kEnded;
  v1::Outcome::Fail* fail = finished.outcome.has_fail() ? finished.outcome.mutable_fail() : nullptr;
  if (fail != nullptr && payload_limit_ > 0 &&
      static_cast<int64_t>(fail->payload().size()) > payload_limit_) {
    // A frame beyond the server's limit would end every stream that carries it.
    fail->mutable_error()->append(absl::StrFormat(
        " (and its new payload of %d bytes is over the limit of %d: the old one stays)",
        fail->payload().size(), payload_limit_));
    fail->clear_payload();
  }
  outbox_.Add(std::move(finished));
}

void SessionMachine::Lose(const std::vector<JobHandle>& handles, const std::string& reason) {
  std::vector<JobHandle> running;
  for (const JobHandle handle : handles) {
    Lease& lease = *leases_.Find(handle);
    switch (lease.state) {
      case LeaseState::kWaiting:
        LogJob(LogLevel::kInfo, lease, "taken back before it started: " + reason);
        leases_.Erase(handle);
        break;
      case LeaseState::kOffered:
      case LeaseState::kStarted:
        lease.state = LeaseState::kLost;
        running.push_back(handle);
        break;
      case LeaseState::kEnded:
        // One that was sent may have been recorded: the server's answer to it will tell.
        if (const auto outcome = outbox_.TakeUnsent(handle); outcome.has_value()) {
          LogJob(LogLevel::kWarning, lease,
                 absl::StrFormat("%s; its result does not count: %s", reason, Describe(*outcome)));
          leases_.Erase(handle);
        }
        break;
      case LeaseState::kLost:
        break;
    }
  }
  if (!running.empty()) WithdrawOrCancel(std::move(running), reason);
}

// In this order: a handler that took a job between the two would never be told.
void SessionMachine::WithdrawOrCancel(std::vector<JobHandle> handles, const std::string& reason) {
  Withdraw(handles);
  actions_.emplace_back(CancelJobs{.handles = std::move(handles), .reason = reason});
}

void SessionMachine::GiveBack(JobHandle handle) {
  Lease& lease = *leases_.Find(handle);
  if (lease.announced && !without_server_) {
    // The server has counted it as running: only an outcome ends that.
    lease.state = LeaseState::kEnded;
    FinishedJob release{.handle = handle, .outcome = {}};
    release.outcome.set_lease_token(lease.token());
    release.outcome.mutable_release();
    outbox_.Add(std::move(release));
    return;
  }
  // Without a stream it is enough not to name it when the session resumes.
  if (stream_.id != 0) stream_.released.push_back(lease.token());
  leases_.Erase(handle);
}

void SessionMachine::Withdraw(std::vector<JobHandle> handles) {
  if (offered_ > 0) actions_.emplace_back(WithdrawJobs{std::move(handles)});
}

// Jobs for which a handler is free are announced as started before they are handed over
// (WriteStarted), so that the server knows whom to suspect when this process dies at once. Beyond
// these, handler threads get jobs ahead, to go on without waiting for a write; how many grows with
// each record, from none: a process that always dies before its first record dies of a job that was
// announced.
void SessionMachine::OfferMore() {
  const bool acknowledged = stream_.acknowledged_sequence == stream_.received_sequence;
  if (!stream_.open || !acknowledged || leaving() || ahead_ == 0) return;
  RunJobs run;
  while (offered_ < options_.concurrency + ahead_) {
    std::optional<HeldJob> job = leases_.TakeWaiting(LeaseState::kOffered);
    if (!job.has_value()) break;
    run.jobs.push_back(std::move(*job));
    ++offered_;
  }
  if (!run.jobs.empty()) actions_.emplace_back(std::move(run));
}

}  // namespace leasehold::client
