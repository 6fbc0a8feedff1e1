#include <algorithm>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "tests/queue/support/execute.h"

namespace leasehold::fake {
namespace {

// The jobs that the change may touch, ascending, each once.
std::set<JobId> Named(const Tables& tables, const JobChange& change) {
  std::set<JobId> named(change.ids.begin(), change.ids.end());
  if (change.kind != JobChange::Kind::kUnlock) return named;
  for (const auto& [id, job] : tables.jobs) {
    const Lease* lease = tables.LiveLease(id);
    if (lease == nullptr) continue;
    const auto session = tables.executors.find(lease->session);
    if (session == tables.executors.end()) continue;
    const auto& wanted = change.executor_ids;
    const std::string& holder = session->second.executor_id;
    if (std::find(wanted.begin(), wanted.end(), holder) != wanted.end()) named.insert(id);
  }
  return named;
}

void Reschedule(Job& job, const JobChange& change) {
  job.run_at = change.run_at.value_or(job.run_at);
  job.priority = change.priority.value_or(job.priority);
  job.max_attempts = change.max_attempts.value_or(job.max_attempts);
  job.attempts = std::min(change.attempts.value_or(job.attempts), job.max_attempts);
}

void Apply(Tables& tables, JobId id, const JobChange& change, absl::Time now) {
  Job& job = tables.jobs.at(id);
  ++job.activation;
  job.updated_at = now;
  if (change.kind == JobChange::Kind::kComplete) {
    tables.jobs.erase(id);
    tables.deleted_by_sql.insert(id);
  } else if (change.kind == JobChange::Kind::kFail) {
    job.attempts = job.max_attempts;
    job.last_error = change.error.value_or("Manually marked as failed");
  } else if (change.kind == JobChange::Kind::kReschedule) {
    Reschedule(job, change);
  }
  tables.inbox[tables.next_inbox++] = id;
}

}  // namespace

absl::StatusOr<ChangeJobsAnswer> Execute(Tables& tables, const ChangeJobs& request,
                                         absl::Time now) {
  const std::set<JobId> named = Named(tables, request.change);
  const bool unlocks = request.change.kind == JobChange::Kind::kUnlock;
  ChangeJobsAnswer answer;
  for (const JobId id : named) {
    if (tables.FindJob(id) == nullptr) continue;
    if (tables.locked.contains(id)) return absl::AbortedError("the row is locked");
    if (unlocks || tables.LiveLease(id) == nullptr) answer.ids.push_back(id);
  }
  for (const JobId id : answer.ids) Apply(tables, id, request.change, now);
  if (request.request.has_value()) tables.requests.push_back({*request.request, answer.ids, now});
  return answer;
}

}  // namespace leasehold::fake
