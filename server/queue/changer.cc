#include "server/queue/changer.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "server/base/errors.h"
#include "server/queue/retry.h"

namespace leasehold::queue {
namespace {

// About half a minute of waiting for a row that somebody holds.
constexpr int kMostTries = 35;

absl::Status RowLocked() {
  return RetryableError(absl::StatusCode::kUnavailable, "KEY_LOCKED",
                        "another transaction holds the job with this key", absl::Seconds(1));
}

}  // namespace

void Changer::Add(AddJobsCalled call) {
  if (!callers_.Accept(call.call, Callers::Kind::kAdd, call.request, Refusal())) return;
  waiting_.push_back({call.call, Callers::Kind::kAdd, call.request,
                      AddKeyedJobs{std::move(call.jobs), core_.now, call.request}});
}

void Changer::Remove(RemoveJobCalled call) {
  if (!callers_.Accept(call.call, Callers::Kind::kRemove, call.request, Refusal())) return;
  waiting_.push_back({call.call, Callers::Kind::kRemove, call.request,
                      RemoveJob{std::move(call.key), call.request}});
}

absl::Status Changer::Refusal() const {
  if (core_.draining) return Draining();
  if (!core_.store_available) return DatabaseAway();
  const auto most = static_cast<size_t>(core_.options.max_waiting_adds);
  return waiting_.size() > most ? ServerFull() : absl::OkStatus();
}

void Changer::Flush() {
  if (!core_.store_available) return;
  for (size_t i = 0; i < waiting_.size() && in_flight_ < core_.options.changes_in_flight;) {
    if (waiting_[i].again_at > core_.real_now) {
      ++i;
      continue;
    }
    Change change = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    Submit(std::move(change));
  }
}

void Changer::Submit(Change change) {
  ++in_flight_;
  StoreRequest request = change.store_request;
  core_.SubmitToStore(
      std::move(request),
      [this, change = std::move(change)](const absl::Status& status, StoreAnswer& answer) mutable {
        --in_flight_;
        Answered(std::move(change), status, answer);
      });
}

void Changer::Answered(Change change, const absl::Status& status, StoreAnswer& answer) {
  if (absl::IsAborted(status)) return TryAgain(std::move(change));
  if (absl::IsNotFound(status)) {
    return Answer(change,
                  JobNotFound("has the key " + std::get<RemoveJob>(change.store_request).key));
  }
  if (absl::IsAlreadyExists(status)) return Answer(change, KeyExists());
  if (!status.ok()) return Answer(change, Callers::StatusFor(status));
  if (auto* removed = std::get_if<RemoveJobAnswer>(&answer)) return Answer(change, Apply(*removed));
  Answer(change, Apply(std::get<AddKeyedJobsAnswer>(answer)));
}

void Changer::TryAgain(Change change) {
  if (++change.tries > kMostTries) return Answer(change, RowLocked());
  change.again_at = core_.real_now + LockedRowDelay(change.tries);
  waiting_.push_back(std::move(change));
}

std::vector<JobId> Changer::Apply(RemoveJobAnswer& removed) {
  if (removed.deleted) core_.ready.Remove(removed.id, core_.now);
  return {removed.id};
}

std::vector<JobId> Changer::Apply(AddKeyedJobsAnswer& added) {
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
  return std::move(added.ids);
}

void Changer::Answer(const Change& change, const absl::StatusOr<std::vector<JobId>>& ids) {
  callers_.Answer(change.call, change.kind, change.request, ids);
}

absl::Time Changer::next_wake() const {
  absl::Time next = absl::InfiniteFuture();
  if (!core_.store_available) return next;
  for (const Change& change : waiting_) {
    if (change.again_at > core_.real_now) next = std::min(next, change.again_at);
  }
  return next;
}

void Changer::RefuseWaiting(const absl::Status& status) {
  for (const Change& change : std::exchange(waiting_, {})) Answer(change, status);
}

}  // namespace leasehold::queue
