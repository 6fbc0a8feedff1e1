#include "server/queue/session_keeper.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/base/errors.h"

namespace leasehold::queue {
namespace {

void SortOnce(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

absl::Status Breach(std::string_view what) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, "PROTOCOL_BREACH", what);
}

}  // namespace

void SessionKeeper::Open(StreamId stream, OpenFrame open) {
  if (core_.draining || open.epoch > core_.epoch) {
    core_.effects.push_back(EndStream{stream, core_.draining ? Draining() : NoLeader()});
    return;
  }
  SortOnce(open.tasks);
  SortOnce(open.forbidden_flags);
  Session* session = core_.sessions.FindById(open.session_id);
  if (open.session_id.empty() || session == nullptr) return OpenNew(stream, std::move(open));
  if (session->stream != 0) {
    core_.effects.push_back(
        EndStream{session->stream, ErrorWithReason(absl::StatusCode::kAborted, "SESSION_RESUMED",
                                                   "another stream has resumed the session")});
  }
  delivery_.Forget(*session);
  core_.sessions.Attach(*session, stream);
  Resume(*session, stream, std::move(open));
}

void SessionKeeper::OpenNew(StreamId stream, OpenFrame open) {
  Session session;
  session.number = next_number_++;
  session.session_id = RandomText() + RandomText();
  session.executor_id = open.executor_name + "-" + RandomText().substr(0, 8);
  session.executor_name = open.executor_name;
  Configure(session, open);
  const SessionRow row{session.number, session.session_id, session.executor_id,
                       session.executor_name, session.tasks};
  Session& added = core_.sessions.Add(std::move(session));
  core_.sessions.Attach(added, stream);
  std::vector<std::string> lost = std::move(open.unreadable_tokens);
  for (const LeaseToken& token : open.held) lost.push_back(token.Encode());
  core_.SubmitToStore(OpenSession{row},
                      [this, number = row.number, lost](const absl::Status& status, StoreAnswer&) {
                        Session* session = core_.sessions.Find(number);
                        if (session == nullptr) return;
                        if (session->stream == 0) return End(*session);
                        if (!status.ok()) {
                          if (session->stream != 0) {
                            core_.effects.push_back(EndStream{session->stream, DatabaseAway()});
                          }
                          core_.sessions.Erase(number);
                          return;
                        }
                        session->open = true;
                        core_.SendTo(*session, {OpenedFrame{session->session_id,
                                                            session->executor_id,
                                                            {},
                                                            lost,
                                                            /*resumed=*/false},
                                                0});
                        leaser_.Join(*session);
                      });
}

void SessionKeeper::Configure(Session& session, const OpenFrame& open) {
  session.tasks = open.tasks;
  session.forbidden_flags = open.forbidden_flags;
  session.window = open.window;
  session.once = open.once;
  session.most_unrecorded = core_.options.most_unrecorded;
  session.told_idle = false;
  session.draining = false;
  session.last_heard = core_.real_now;
  session.resume_by.reset();
}

void SessionKeeper::Receive(StreamId stream, ExecutorFrame frame) {
  Session* session = core_.sessions.FindByStream(stream);
  if (session == nullptr) return;
  session->last_heard = core_.real_now;
  if (!delivery_.Received(*session, frame.received_sequence)) {
    Cut(*session,
        Breach(absl::StrFormat("received_sequence %d was never sent", frame.received_sequence)));
    return;
  }
  if (auto* window = std::get_if<WindowFrame>(&frame.frame)) {
    ApplyWindow(*session, *window);
  } else if (auto* started = std::get_if<StartedFrame>(&frame.frame)) {
    MarkStarted(started->tokens);
  } else if (auto* outcomes = std::get_if<OutcomesFrame>(&frame.frame)) {
    recorder_.Report(*session, std::move(*outcomes));
  } else if (auto* release = std::get_if<ReleaseFrame>(&frame.frame)) {
    recorder_.Release(release->tokens);
  } else if (std::holds_alternative<DrainFrame>(frame.frame)) {
    session->draining = true;
    core_.WantLeasing();
  }
}

void SessionKeeper::ApplyWindow(Session& session, const WindowFrame& window) {
  session.window = window;
  session.told_idle = false;
  delivery_.SendMore(session);
  core_.WantLeasing();
}

void SessionKeeper::MarkStarted(const std::vector<LeaseToken>& tokens) {
  for (const LeaseToken& token : tokens) {
    HeldLease* lease = core_.leases.Find(token);
    if (lease == nullptr) continue;
    lease->received = true;
    if (!std::exchange(lease->started, true)) lease->started_at = core_.real_now;
  }
}

void SessionKeeper::StreamEnded(StreamId stream, bool visibly) {
  Session* session = core_.sessions.FindByStream(stream);
  if (session == nullptr) return;
  core_.sessions.Detach(*session);
  delivery_.Forget(*session);
  core_.WantLeasing();
  // The answer to the writing of its row ends it.
  if (!session->open) return;
  if (SaidGoodbye(*session)) return End(*session);
  if (visibly) session->resume_by = core_.real_now + core_.options.resume_timeout;
}

// Ends the stream, not the session. No news comes of a stream that the queue has ended.
void SessionKeeper::Cut(Session& session, const absl::Status& status) {
  core_.effects.push_back(EndStream{session.stream, status});
  StreamEnded(session.stream, /*visibly=*/true);
}

// It wanted no more jobs, holds none and has closed its stream: it does not come back.
bool SessionKeeper::SaidGoodbye(const Session& session) const {
  return session.draining && session.stream == 0 && session.being_leased == 0 &&
         core_.leases.CountOfSession(session.number) == 0;
}

bool SessionKeeper::Lost(const Session& session) const {
  if (!session.open) return false;
  if (SaidGoodbye(session)) return true;
  // It has been told to go to the next leader, and is that one's to judge.
  if (core_.draining) return false;
  if (core_.real_now - session.last_heard >= core_.options.session_timeout) return true;
  return session.stream == 0 && session.resume_by.has_value() &&
         core_.real_now >= *session.resume_by;
}

void SessionKeeper::SweepLost() {
  if (!core_.store_available) return;
  DeleteEnded();
  for (Session* session : core_.sessions.all()) {
    if (Lost(*session)) EndLost(*session);
  }
}

void SessionKeeper::EndLost(Session& session, std::optional<absl::Duration> recovery_delay) {
  if (session.stream != 0) {
    core_.effects.push_back(
        EndStream{session.stream, ErrorWithReason(absl::StatusCode::kAborted, "SESSION_LOST",
                                                  "the executor was silent for too long")});
  }
  End(session, recovery_delay);
}

// What it still holds is swept. Its row goes; if the server dies before its leases are recorded,
// the next leader takes back the leases of sessions that have none.
void SessionKeeper::End(Session& session, std::optional<absl::Duration> recovery_delay) {
  const SessionNumber number = session.number;
  leaser_.Leave(session);
  for (HeldLease* lease : core_.leases.OfSession(number)) recorder_.Sweep(*lease, recovery_delay);
  core_.sessions.Erase(number);
  core_.WantLeasing();
  ended_.push_back(number);
  undeleted_.insert(number);
  DeleteEnded();
}

void SessionKeeper::DeleteEnded() {
  if (ended_.empty()) return;
  EndSessions request{std::exchange(ended_, {})};
  core_.SubmitToStore(request, [this, request](const absl::Status& status, StoreAnswer&) {
    if (!status.ok()) {
      ended_.insert(ended_.end(), request.sessions.begin(), request.sessions.end());
      return;
    }
    for (const SessionNumber number : request.sessions) undeleted_.erase(number);
  });
}

std::string SessionKeeper::RandomText() { return absl::StrFormat("%016x", core_.random()); }

}  // namespace leasehold::queue
