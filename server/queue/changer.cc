#include "server/queue/changer.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "server/base/errors.h"
#include "server/queue/retry.h"

namespace leasehold::queue {
namespace {

absl::Status RowLocked(Callers::Kind kind) {
  if (kind == Callers::Kind::kChange) {
    return RetryableError(absl::StatusCode::kUnavailable, "JOB_LOCKED",
                          "another transaction holds one of the jobs; nothing was changed",
                          absl::Seconds(1));
  }
  return RetryableError(absl::StatusCode::kUnavailable, "KEY_LOCKED",
                        "another transaction holds the job with this key", absl::Seconds(1));
}

}  // namespace

void Changer::Add(AddJobsCalled call) {
  if (!callers_.Accept(call.call, Callers::Kind::kAdd, call.request, Refusal())) return;
  const auto size = static_cast<int64_t>(call.jobs.size());
  Wait({call.call, Callers::Kind::kAdd, call.request,
        AddKeyedJobs{std::move(call.jobs), core_.now, call.request}, size});
}

void Changer::Remove(RemoveJobCalled call) {
  if (!callers_.Accept(call.call, Callers::Kind::kRemove, call.request, Refusal())) return;
  Wait({call.call, Callers::Kind::kRemove, call.request,
        RemoveJob{std::move(call.key), call.request}});
}

void Changer::Change(ChangeJobsCalled call) {
  if (!callers_.Accept(call.call, Callers::Kind::kChange, call.request, Refusal())) return;
  JobChange& change = call.change;
  if (change.delay.has_value()) change.run_at = WholeMicroseconds(core_.now + *change.delay);
  const auto size = static_cast<int64_t>(change.ids.size() + change.executor_ids.size());
  Wait({call.call, Callers::Kind::kChange, call.request,
        ChangeJobs{std::move(change), call.request}, size});
}

void Changer::Wait(Call call) {
  waiting_size_ += call.size;
  waiting_.push_back(std::move(call));
}

absl::Status Changer::Refusal() const {
  if (core_.draining) return Draining();
  if (!core_.store_available) return DatabaseAway();
  return waiting_size_ > core_.options.max_waiting_adds ? ServerFull() : absl::OkStatus();
}

void Changer::Flush() {
  // A lease whose row is not on disk yet would be taken for none.
  if (!core_.store_available || !core_.leases_written()) return;
  for (size_t i = 0; i < waiting_.size() && in_flight_ < core_.options.changes_in_flight;) {
    if (waiting_[i].again_at > core_.real_now) {
      ++i;
      continue;
    }
    Call call = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    waiting_size_ -= call.size;
    Submit(std::move(call));
  }
}

void Changer::Submit(Call call) {
  ++in_flight_;
  StoreRequest request = call.store_request;
  core_.SubmitToStore(
      std::move(request),
      [this, call = std::move(call)](const absl::Status& status, StoreAnswer& answer) mutable {
        --in_flight_;
        Answered(std::move(call), status, answer);
      });
}

void Changer::Answered(Call call, const absl::Status& status, StoreAnswer& answer) {
  if (absl::IsAborted(status)) return TryAgain(std::move(call));
  if (absl::IsNotFound(status)) {
    return Answer(call, JobNotFound("has the key " + std::get<RemoveJob>(call.store_request).key));
  }
  if (absl::IsAlreadyExists(status)) return Answer(call, KeyExists());
  if (!status.ok()) return Answer(call, Callers::StatusFor(status));
  if (auto* added = std::get_if<AddKeyedJobsAnswer>(&answer)) return Answer(call, Apply(*added));
  if (auto* removed = std::get_if<RemoveJobAnswer>(&answer)) return Answer(call, Apply(*removed));
  Answer(call, Apply(std::get<ChangeJobsAnswer>(answer)));
}

void Changer::TryAgain(Call call) {
  if (++call.tries > kMostLockedTries) return Answer(call, RowLocked(call.kind));
  call.again_at = core_.real_now + LockedRowDelay(call.tries);
  Wait(std::move(call));
}

// The inbox tells the rest: it need not wait for a notification.
std::vector<JobId> Changer::Apply(ChangeJobsAnswer& changed) {
  if (!changed.ids.empty()) core_.inbox_wanted = true;
  return std::move(changed.ids);
}

std::vector<JobId> Changer::Apply(RemoveJobAnswer& removed) {
  if (removed.deleted) core_.ready.Remove(removed.id, core_.now);
  return {removed.id};
}

std::vector<JobId> Changer::Apply(AddKeyedJobsAnswer& added) {
  for (const RankedJob& job : added.changed) {
    ++core_.TallyOf(job.task).added;
    core_.OfferChanged(job);
  }
  core_.totals.added += static_cast<int64_t>(added.ids.size());
  core_.WantLeasing();
  return std::move(added.ids);
}

void Changer::Answer(const Call& call, const absl::StatusOr<std::vector<JobId>>& ids) {
  callers_.Answer(call.call, call.kind, call.request, ids);
}

absl::Time Changer::next_wake() const {
  absl::Time next = absl::InfiniteFuture();
  if (!core_.store_available) return next;
  for (const Call& call : waiting_) {
    if (call.again_at > core_.real_now) next = std::min(next, call.again_at);
  }
  return next;
}

void Changer::RefuseWaiting(const absl::Status& status) {
  waiting_size_ = 0;
  for (const Call& call : std::exchange(waiting_, {})) Answer(call, status);
}

}  // namespace leasehold::queue
