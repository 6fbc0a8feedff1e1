#include <algorithm>
#include <utility>

#include "server/base/errors.h"
#include "server/queue/adder.h"
#include "server/queue/retry.h"

// What the store's answers mean for those who add jobs.
namespace leasehold::queue {

void Adder::Added(Batch batch) {
  for (const RankedJob& job : batch.unleased) {
    ++core_.TallyOf(job.task).added;
    core_.Offer(job);
  }
  core_.totals.added += static_cast<int64_t>(batch.unleased.size() + batch.born_leased.size());
  core_.totals.born_leased += static_cast<int64_t>(batch.born_leased.size());
  for (const Leaser::Granted& grant : batch.born_leased) {
    core_.in_hand.LetGo(grant.job.id);
    ++core_.TallyOf(grant.job.task).added;
    Session* session = core_.sessions.Find(grant.lease.session);
    if (session != nullptr) --session->being_leased;
  }
  leaser_.Grant(std::move(batch.born_leased));
  for (Batch::Member& member : batch.members) {
    Answer(member.call, std::move(member.ids));
  }
  core_.WantLeasing();
}

void Adder::Refused(Batch batch, const absl::Status& status) {
  for (const Leaser::Granted& grant : batch.born_leased) {
    core_.in_hand.LetGo(grant.job.id);
    Session* session = core_.sessions.Find(grant.lease.session);
    if (session != nullptr) --session->being_leased;
  }
  core_.WantLeasing();
  const bool one_is_bad = absl::IsInvalidArgument(status) && batch.members.size() > 1;
  if (one_is_bad || absl::IsAborted(status)) {
    // One bad job must not harm its neighbours: each call goes again, alone. A batch that met a
    // lock goes again as it is.
    for (auto member = batch.members.rbegin(); member != batch.members.rend(); ++member) {
      member->call.alone = member->call.alone || one_is_bad;
      waiting_jobs_ += static_cast<int64_t>(member->call.jobs.size());
      waiting_.push_front(std::move(member->call));
    }
    return;
  }
  for (const Batch::Member& member : batch.members) {
    Answer(member.call, Callers::StatusFor(status));
  }
}

void Adder::Answer(const Call& call, const absl::StatusOr<std::vector<JobId>>& ids) {
  callers_.Answer(call.call, Callers::Kind::kAdd, call.request, ids);
}

absl::Time Adder::next_wake() const {
  const bool waits = core_.store_available && reserve_again_at_ > core_.real_now;
  return waits ? reserve_again_at_ : absl::InfiniteFuture();
}

void Adder::RefuseWaiting(const absl::Status& status) {
  for (const Call& call : std::exchange(waiting_, {})) Answer(call, status);
  waiting_jobs_ = 0;
}

}  // namespace leasehold::queue
