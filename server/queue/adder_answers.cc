#include <algorithm>
#include <utility>

#include "server/base/errors.h"
#include "server/queue/adder.h"
#include "server/queue/retry.h"

// What the store's answers mean for those who add and remove jobs.
namespace leasehold::queue {
namespace {

// About half a minute of waiting for a row that somebody holds.
constexpr int kMostTries = 35;

absl::Status RowLocked() {
  return RetryableError(absl::StatusCode::kUnavailable, "KEY_LOCKED",
                        "another transaction holds the job with this key", absl::Seconds(1));
}

absl::Status ForCaller(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return DatabaseAway();
  if (absl::IsFailedPrecondition(status)) return NoLeader();
  if (absl::IsResourceExhausted(status) || absl::IsDeadlineExceeded(status)) {
    // Nothing was done, and it is no fault of the caller's.
    return RetryableError(absl::StatusCode::kUnavailable, "DATABASE_BUSY",
                          "the database has no room or no time for this now", absl::Seconds(1));
  }
  return status;
}

}  // namespace

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
    AnswerAdd(member.call.call, member.call.request, std::move(member.ids));
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
    AnswerAdd(member.call.call, member.call.request, ForCaller(status));
  }
}

void Adder::SubmitKeyed(Keyed keyed) {
  ++keyed_in_flight_;
  StoreRequest request = keyed.store_request;
  core_.SubmitToStore(
      std::move(request),
      [this, keyed = std::move(keyed)](const absl::Status& status, StoreAnswer& answer) mutable {
        --keyed_in_flight_;
        KeyedAnswered(std::move(keyed), status, answer);
      });
}

void Adder::KeyedAnswered(Keyed keyed, const absl::Status& status, StoreAnswer& answer) {
  if (absl::IsAborted(status)) {
    if (++keyed.tries > kMostTries) return Answer(keyed, RowLocked());
    keyed.again_at = core_.now + LockedRowDelay(keyed.tries);
    keyed_.push_back(std::move(keyed));
    return;
  }
  if (absl::IsNotFound(status)) {
    return Answer(keyed,
                  JobNotFound("has the key " + std::get<RemoveJob>(keyed.store_request).key));
  }
  if (absl::IsAlreadyExists(status)) return Answer(keyed, KeyExists());
  if (!status.ok()) return Answer(keyed, ForCaller(status));
  if (auto* removed = std::get_if<RemoveJobAnswer>(&answer)) {
    if (removed->deleted) core_.ready.Remove(removed->id, core_.now);
    return Answer(keyed, std::vector<JobId>{removed->id});
  }
  auto& added = std::get<AddKeyedJobsAnswer>(answer);
  for (const RankedJob& job : added.changed) {
    ++core_.TallyOf(job.task).added;
    if (core_.in_hand.contains(job.id)) {
      core_.in_hand.NoteChange(job.id);
    } else {
      core_.Offer(job);
    }
  }
  core_.totals.added += static_cast<int64_t>(added.ids.size());
  core_.WantLeasing();
  Answer(keyed, std::move(added.ids));
}

void Adder::Answer(const Keyed& keyed, const absl::StatusOr<std::vector<JobId>>& ids) {
  if (std::holds_alternative<RemoveJob>(keyed.store_request)) repeats_[keyed.call] = true;
  AnswerAdd(keyed.call, keyed.request, ids);
}

// Answers the call and those that repeated it meanwhile.
void Adder::AnswerAdd(CallId call, const std::optional<RequestKey>& request,
                      const absl::StatusOr<std::vector<JobId>>& ids) {
  std::vector<CallId> calls;
  if (request.has_value()) {
    calls = ids.ok() ? core_.requests.Answered(*request, *ids, core_.now)
                     : core_.requests.GaveUp(*request);
  }
  calls.insert(calls.begin(), call);
  for (const CallId waiting : calls) {
    const auto repeat = repeats_.find(waiting);
    const bool is_remove = repeat != repeats_.end() && repeat->second;
    if (repeat != repeats_.end()) repeats_.erase(repeat);
    if (!is_remove) {
      core_.effects.push_back(AnswerAddJobs{waiting, ids});
    } else if (ids.ok()) {
      core_.effects.push_back(AnswerRemoveJob{waiting, ids->front()});
    } else {
      core_.effects.push_back(AnswerRemoveJob{waiting, ids.status()});
    }
  }
}

absl::Time Adder::next_wake() const {
  absl::Time next = absl::InfiniteFuture();
  if (!core_.store_available) return next;
  const auto consider = [this, &next](absl::Time at) {
    if (at > core_.now) next = std::min(next, at);
  };
  consider(reserve_again_at_);
  for (const Keyed& keyed : keyed_) consider(keyed.again_at);
  return next;
}

void Adder::RefuseWaiting(const absl::Status& status) {
  for (const Call& call : std::exchange(waiting_, {})) AnswerAdd(call.call, call.request, status);
  waiting_jobs_ = 0;
  for (const Keyed& keyed : std::exchange(keyed_, {})) Answer(keyed, status);
}

}  // namespace leasehold::queue
