#include "tests/queue/support/sql_callers.h"

#include <vector>

namespace leasehold::fake {
namespace {

void Tell(Tables& tables, JobId id) { tables.inbox[tables.next_inbox++] = id; }

// The job that such a caller may change; null if it leaves it alone.
Job* Changeable(Tables& tables, JobId id, Snapshot snapshot) {
  Job* job = tables.FindJob(id);
  const bool sees_lease = snapshot == Snapshot::kSeesLeases && tables.LiveLease(id) != nullptr;
  return sees_lease ? nullptr : job;
}

}  // namespace

JobId AddBySql(Tables& tables, const NewJob& job, absl::Time now, Snapshot snapshot, JobId id) {
  const JobId new_id = id == 0 ? tables.next_job++ : id;
  const auto put = Put(tables, job, new_id, now, now, snapshot);
  if (!put.ok()) return 0;
  if (put->changed) Tell(tables, put->id);
  if (put->overtaken.has_value()) Tell(tables, *put->overtaken);
  return put->id;
}

void RemoveBySql(Tables& tables, const std::string& key) {
  const Job* job = tables.FindKey(key);
  if (job == nullptr) return;
  const JobId id = job->id;
  if (Execute(tables, RemoveJob{key, std::nullopt}, job->updated_at).ok()) Tell(tables, id);
}

void CompleteBySql(Tables& tables, JobId id, Snapshot snapshot) {
  if (Changeable(tables, id, snapshot) == nullptr) return;
  tables.jobs.erase(id);
  tables.deleted_by_sql.insert(id);
  Tell(tables, id);
}

void FailBySql(Tables& tables, JobId id, Snapshot snapshot) {
  Job* job = Changeable(tables, id, snapshot);
  if (job == nullptr) return;
  ++job->activation;
  job->attempts = job->max_attempts;
  job->last_error = "Manually marked as failed";
  Tell(tables, id);
}

void RescheduleBySql(Tables& tables, JobId id, absl::Time run_at, Snapshot snapshot) {
  Job* job = Changeable(tables, id, snapshot);
  if (job == nullptr) return;
  ++job->activation;
  job->run_at = run_at;
  Tell(tables, id);
}

void ReviveBySql(Tables& tables, JobId id, absl::Time run_at, Snapshot snapshot) {
  Job* job = Changeable(tables, id, snapshot);
  if (job == nullptr) return;
  ++job->activation;
  job->attempts = 0;
  job->run_at = run_at;
  Tell(tables, id);
}

void UnlockBySql(Tables& tables, JobId id) {
  if (tables.LiveLease(id) == nullptr) return;
  ++tables.jobs.at(id).activation;
  Tell(tables, id);
}

void UnlockBySql(Tables& tables, const std::string& executor_id) {
  std::vector<JobId> held;
  for (const auto& [id, job] : tables.jobs) {
    const Lease* lease = tables.LiveLease(id);
    if (lease == nullptr) continue;
    const auto session = tables.executors.find(lease->session);
    if (session == tables.executors.end()) continue;
    if (session->second.executor_id == executor_id) held.push_back(id);
  }
  for (const JobId id : held) UnlockBySql(tables, id);
}

void ReplaceInPlaceBySql(Tables& tables, JobId id, const NewJob& job, absl::Time now) {
  Job& row = tables.jobs.at(id);
  row.task = job.task;
  row.payload = job.payload;
  row.queue_name = job.queue_name;
  row.run_at = job.run_at.value_or(now);
  row.priority = job.priority;
  row.attempts = row.crashes = 0;
  ++row.activation;
  ++row.revision;
  Tell(tables, id);
}

}  // namespace leasehold::fake
