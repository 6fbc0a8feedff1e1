#include <utility>

#include "absl/container/flat_hash_set.h"
#include "server/queue/leaser.h"

// Leases whose jobs the database finds itself: a backlog goes to its executors without being
// ranked in memory before.
namespace leasehold::queue {

void Leaser::Submit(LeaseWindow request) {
  ReadyView& view = *core_.ready.view(request.forbidden_flags);
  WindowLease& lease = core_.window_lease.emplace();
  lease.task = request.task;
  lease.priority = request.priority;
  lease.now = request.now = core_.now;
  lease.after = request.after = view.BeginLease(request.task, request.priority, lease.read);
  ++in_flight_;
  auto answered = [this, flags = request.forbidden_flags, leases = request.leases](
                      const absl::Status& status, StoreAnswer& answer) {
    --in_flight_;
    core_.WantLeasing();
    WindowAnswered(flags, leases, status, answer);
  };
  core_.SubmitToStore(std::move(request), std::move(answered));
}

// What was heard meanwhile of jobs that may have been among those leased is looked at now.
void Leaser::WindowAnswered(const std::vector<std::string>& flags, const LeaseRow& leases,
                            const absl::Status& status, StoreAnswer& answer) {
  for (const Lease& lease : leases.leases) {
    Session* session = core_.sessions.Find(lease.session);
    if (session != nullptr) --session->being_leased;
  }
  const WindowLease lease = *std::exchange(core_.window_lease, std::nullopt);
  ReadyView* view = core_.ready.view(flags);
  if (status.ok()) {
    auto& answered = std::get<LeaseWindowAnswer>(answer);
    const bool all_leased = answered.unleased.empty();
    if (view != nullptr) view->WindowLeased(lease, answered.last, answered.complete, all_leased);
    const absl::flat_hash_set<JobId> changed(lease.changed.begin(), lease.changed.end());
    for (const RankedJob& job : answered.unleased) {
      // What was told of it meanwhile may be newer.
      changed.contains(job.id) ? core_.in_hand.ReadAgain({job.id}) : core_.Offer(job);
    }
    WindowLeased(leases, answered);
  } else if (view != nullptr) {
    view->LeaseMetLock(lease);
  }
  for (const RankedJob& job : lease.met) core_.Offer(job);
  for (const JobId job : lease.changed) {
    if (core_.leases.FindByJob(job) != nullptr) core_.in_hand.ReadAgain({job});
  }
}

void Leaser::WindowLeased(const LeaseRow& leases, LeaseWindowAnswer& answer) {
  std::vector<Granted> granted;
  granted.reserve(answer.leased.size());
  for (auto& [index, job] : answer.leased) {
    // A hand that moved the row of a leased job without its activation: the first lease holds.
    const HeldLease* other = core_.leases.FindByJob(job.id);
    if (other != nullptr && other->token.activation >= job.activation) continue;
    Granted grant{leases.leases[index], leases.number, std::move(job)};
    grant.lease.token.job_id = grant.job.id;
    grant.lease.token.activation = grant.job.activation;
    granted.push_back(std::move(grant));
  }
  const bool none = granted.empty() && !answer.leased.empty();
  Grant(std::move(granted));
  if (none) recorder_.EndLeaseRow(leases.number);
}

}  // namespace leasehold::queue
