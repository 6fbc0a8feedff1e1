#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "server/base/errors.h"
#include "server/queue/session_keeper.h"

// How a session comes back, and what its heartbeats are.
namespace leasehold::queue {

void SessionKeeper::Load(std::vector<SessionRow> rows, SessionNumber next_number) {
  next_number_ = next_number;
  for (SessionRow& row : rows) {
    Session session;
    session.number = row.number;
    session.session_id = std::move(row.session_id);
    session.executor_id = std::move(row.executor_id);
    session.executor_name = std::move(row.executor_name);
    session.tasks = std::move(row.tasks);
    session.open = true;
    session.awaited = true;
    session.last_heard = core_.real_now;
    for (const HeldLease* lease : core_.leases.OfSession(session.number)) {
      ++session.held;
      session.running_alone = session.running_alone || lease->job.crashes > 0;
    }
    core_.sessions.Add(std::move(session));
  }
  core_.await_sessions_until = core_.real_now + core_.options.receipt_timeout;
}

void SessionKeeper::Resume(Session& session, StreamId stream, OpenFrame open) {
  const bool unknown = std::any_of(open.held.begin(), open.held.end(), [this](const auto& token) {
    return core_.leases.Find(token) == nullptr &&
           !core_.ended_tokens.Find(token.fencing_number).has_value();
  });
  if (session.awaited && unknown && core_.adopts) {
    AdoptLostLeases(session.number, stream, std::move(open));
  } else {
    FinishResume(session, open);
  }
}

// The row of a lease that was committed asynchronously may be lost with the database. The lease is
// good if its job still has its activation and nobody else holds it.
void SessionKeeper::AdoptLostLeases(SessionNumber number, StreamId stream, OpenFrame open) {
  ReadJobs request;
  for (const LeaseToken& token : open.held) request.ids.push_back(token.job_id);
  core_.SubmitToStore(std::move(request), [this, number, stream, open = std::move(open)](
                                              const absl::Status& status, StoreAnswer& answer) {
    Session* session = core_.sessions.Find(number);
    if (session == nullptr || session->stream != stream) return;
    if (!status.ok()) {
      Cut(*session, DatabaseAway());
      return;
    }
    Adopt(*session, open, std::get<ReadJobsAnswer>(answer));
    FinishResume(*session, open);
  });
}

void SessionKeeper::Adopt(Session& session, const OpenFrame& open, const ReadJobsAnswer& standing) {
  absl::flat_hash_map<JobId, const RankedJob*> jobs;
  for (const RankedJob& job : standing.jobs) jobs[job.id] = &job;
  int64_t row = 0;
  for (const LeaseToken& token : open.held) {
    const auto job = jobs.find(token.job_id);
    const bool good =
        job != jobs.end() && job->second->activation == token.activation &&
        !core_.BeingLeased(*job->second) && core_.leases.FindByJob(token.job_id) == nullptr &&
        !core_.in_hand.contains(token.job_id) && (token.fencing_number >> 32) < core_.epoch &&
        !core_.ended_tokens.Find(token.fencing_number).has_value();
    if (!good) continue;
    if (row == 0) row = static_cast<int64_t>(core_.NextNumber());
    HeldLease lease;
    lease.token = token;
    lease.session = session.number;
    lease.row = row;
    lease.job = *job->second;
    lease.leased_at = core_.real_now;
    lease.received = true;
    core_.ready.Remove(token.job_id, core_.now);
    core_.ready.Hold(lease.job);
    core_.Book(std::move(lease));
    ++session.held;
  }
  if (row != 0) core_.WantLeaseRowsWritten();
}

void SessionKeeper::FinishResume(Session& session, const OpenFrame& open) {
  leaser_.Leave(session);
  Configure(session, open);
  session.awaited = false;
  OpenedFrame opened{session.session_id, session.executor_id, {}, open.unreadable_tokens, true};
  CancelFrame cancel{{}, kJobChanged};
  absl::flat_hash_set<uint64_t> named;
  for (const LeaseToken& token : open.held) {
    HeldLease* lease = core_.leases.Find(token);
    const bool live = lease != nullptr && (lease->ending == nullptr || lease->ending->reported);
    // Of an outcome that was recorded, or is being, the executor only waits to hear.
    const bool good = live || core_.ended_tokens.Find(token.fencing_number).has_value();
    (good ? opened.resumed_tokens : opened.lost_tokens).push_back(token.Encode());
    if (!live) continue;
    lease->received = true;
    named.insert(token.fencing_number);
    if (lease->overtaken) cancel.tokens.push_back(token);
  }
  for (HeldLease* lease : core_.leases.OfSession(session.number)) {
    if (!named.contains(lease->token.fencing_number)) recorder_.TakeBack(*lease);
  }
  if (!session.open) return;
  core_.SendTo(session, {std::move(opened), 0});
  if (!cancel.tokens.empty()) core_.SendTo(session, {std::move(cancel), 0});
  leaser_.Join(session);
}

void SessionKeeper::ForgiveSilence() {
  for (Session* session : core_.sessions.all()) {
    session->last_heard = core_.real_now;
    if (session->resume_by.has_value()) {
      session->resume_by = core_.real_now + core_.options.session_timeout;
    }
    for (UnreceivedFrame& frame : session->unreceived) {
      frame.sent_at = core_.real_now;
      frame.asked_at.reset();
    }
  }
}

void SessionKeeper::Tick() {
  if (core_.real_now < next_heartbeat_) return;
  // No heartbeat is late, the timeouts are seen in time, and those of many sessions go together.
  next_heartbeat_ = core_.real_now + core_.options.heartbeat_interval / 8;
  for (Session* session : core_.sessions.all()) {
    // The first frame of a stream is `opened`.
    if (session->stream == 0 || !session->open || session->awaited) continue;
    AskForReceipts(*session);
    // Before the executor's own falls due, which then is the answer.
    if (core_.real_now - session->last_sent >= core_.options.heartbeat_interval * 0.75) {
      core_.SendTo(*session, {ServerHeartbeatFrame{}, 0});
    }
  }
}

// An executor that lives but never acknowledges a frame has not got it: it is asked once more, then
// the jobs come back, revoked first.
void SessionKeeper::AskForReceipts(Session& session) {
  bool asks = false;
  for (UnreceivedFrame& frame : session.unreceived) {
    if (core_.real_now - frame.sent_at < core_.options.receipt_timeout) break;
    if (frame.asked_at.has_value()) continue;
    frame.asked_at = core_.real_now;
    asks = true;
  }
  if (asks) core_.SendTo(session, {ServerHeartbeatFrame{/*reply=*/true}, 0});
  RevokeUnreceived(session);
}

void SessionKeeper::RevokeUnreceived(Session& session) {
  RevokeFrame revoke{{}, "no receipt came"};
  while (!session.unreceived.empty()) {
    const UnreceivedFrame& frame = session.unreceived.front();
    if (!frame.asked_at.has_value() ||
        core_.real_now - *frame.asked_at < core_.options.heartbeat_interval) {
      break;
    }
    for (const uint64_t number : frame.fencing_numbers) {
      HeldLease* lease = core_.leases.FindByFencingNumber(number);
      if (lease == nullptr || lease->ending != nullptr || lease->started) continue;
      revoke.tokens.push_back(lease->token);
      recorder_.TakeBack(*lease);
    }
    session.unreceived_bytes -= frame.bytes;
    session.unreceived.pop_front();
  }
  if (!revoke.tokens.empty()) core_.SendTo(session, {std::move(revoke), 0});
  delivery_.SendMore(session);
}

void SessionKeeper::HandOver() {
  const absl::Time safe_until = core_.real_now + core_.options.session_timeout;
  for (Session* session : core_.sessions.all())
    core_.SendTo(*session, {HandoverFrame{safe_until}, 0});
}

void SessionKeeper::EndStreams(const absl::Status& status) {
  for (Session* session : core_.sessions.all()) {
    if (session->stream != 0) core_.effects.push_back(EndStream{session->stream, status});
    core_.sessions.Detach(*session);
  }
}

}  // namespace leasehold::queue
