#include <algorithm>
#include <utility>

#include "server/queue/leaser.h"

// Which session a job may be given to or asked back from.
namespace leasehold::queue {
namespace {

// An executor is left this long to start what it was sent.
constexpr absl::Duration kTimeToStart = absl::Seconds(1);

bool Allows(const Session& session, const std::vector<std::string>& flags) {
  return std::none_of(flags.begin(), flags.end(), [&session](const std::string& flag) {
    return std::binary_search(session.forbidden_flags.begin(), session.forbidden_flags.end(), flag);
  });
}

}  // namespace

Session* Leaser::SessionFor(const NewJob& job) {
  const auto found = by_task_.find(job.task);
  if (found == by_task_.end()) return nullptr;
  const std::vector<SessionNumber>& numbers = found->second;
  size_t& turn = turn_of_task_[job.task];
  for (size_t i = 0; i < numbers.size(); ++i) {
    Session* session = core_.sessions.Find(numbers[++turn % numbers.size()]);
    if (!session->may_lease() || session->waiting_alone.has_value()) continue;
    if (!Allows(*session, job.flags)) continue;
    if (core_.ready.NothingDue(session->forbidden_flags, session->tasks, core_.now)) return session;
  }
  return nullptr;
}

// A job that waits until its session is empty is left to others when that session takes no jobs any
// more, or another one is empty.
void Leaser::GiveBackWaiting() {
  if (waiting_alone_ == 0) return;
  for (Session* session : core_.sessions.all()) {
    if (!session->waiting_alone.has_value()) continue;
    const bool takes_none = session->stream == 0 || session->draining || session->window.jobs == 0;
    if (takes_none || AnotherIsEmpty(*session, *session->waiting_alone)) GiveBackWaiting(*session);
  }
}

void Leaser::GiveBackWaiting(Session& session) {
  if (!session.waiting_alone.has_value()) return;
  const RankedJob job = *std::exchange(session.waiting_alone, std::nullopt);
  --waiting_alone_;
  core_.in_hand.LetGo(job.id);
  core_.ready.Offer(job, core_.now);
  core_.ready.Release(job, core_.now);
}

bool Leaser::AnotherIsEmpty(const Session& waiting, const RankedJob& job) const {
  const auto found = by_task_.find(job.task);
  if (waiting.used() == 0 || found == by_task_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](SessionNumber number) {
    const Session& other = *core_.sessions.Find(number);
    return other.used() == 0 && other.may_lease() && !other.waiting_alone.has_value() &&
           Allows(other, job.flags);
  });
}

// In once-mode an executor leaves when it has nothing to do and nothing that it could do is ready.
void Leaser::TellIdle(const std::vector<Session*>& sessions) {
  for (Session* session : sessions) {
    if (!session->once || session->told_idle || session->used() > 0) continue;
    // An outcome on its way to disk, or what SQL callers added before it came, may bring it a job.
    if (core_.leases.CountOfSession(session->number) > 0) continue;
    if (core_.inbox_emptied_by < session->idle_after_read) continue;
    if (session->waiting_alone.has_value()) continue;
    if (!core_.ready.NothingDue(session->forbidden_flags, session->tasks, core_.now)) continue;
    session->told_idle = true;
    core_.SendTo(*session, {IdleFrame{}, 0});
  }
}

bool Leaser::WantsMore(const Session& session, const RankedJob& job) const {
  return session.may_lease() && session.used() * 2 < session.window.jobs &&
         Allows(session, job.flags) &&
         core_.ready.NothingDue(session.forbidden_flags, session.tasks, core_.now);
}

void Leaser::Recall() {
  if (core_.draining) return;
  absl::flat_hash_map<SessionNumber, int> room;
  for (Session* session : core_.sessions.all()) {
    if (session->stream == 0 || session->held < 2) continue;
    RecallFrame frame;
    for (HeldLease* lease : core_.leases.OfSession(session->number)) {
      if (!MayBeRecalled(*lease)) continue;
      const bool waited = core_.real_now - lease->leased_at >= core_.options.recall_after;
      // One that was recalled before has the first claim on the room.
      if (!RoomElsewhere(*session, lease->job, room) && !waited) continue;
      if (std::exchange(lease->recalled, true)) continue;
      frame.tokens.push_back(lease->token);
    }
    if (!frame.tokens.empty()) core_.SendTo(*session, {std::move(frame), 0});
  }
}

bool Leaser::MayBeRecalled(const HeldLease& lease) const {
  return lease.received && !lease.started && lease.ending == nullptr &&
         core_.real_now - lease.leased_at >= kTimeToStart;
}

// `room` counts what is left of the other sessions' windows.
bool Leaser::RoomElsewhere(const Session& holder, const RankedJob& job,
                           absl::flat_hash_map<SessionNumber, int>& room) const {
  const auto found = by_task_.find(job.task);
  if (found == by_task_.end()) return false;
  for (const SessionNumber number : found->second) {
    const Session* other = core_.sessions.Find(number);
    if (number == holder.number || !WantsMore(*other, job)) continue;
    const auto [left, fresh] = room.try_emplace(number, other->window.jobs / 2 - other->used());
    if (left->second <= 0) continue;
    --left->second;
    return true;
  }
  return false;
}

}  // namespace leasehold::queue
