#include "tests/queue/support/sql_callers.h"

#include "tests/queue/support/execute.h"

namespace leasehold::fake {
namespace {

void Tell(Tables& tables, JobId id) { tables.inbox[tables.next_inbox++] = id; }

}  // namespace

JobId AddBySql(Tables& tables, const NewJob& job, absl::Time now) {
  const JobId new_id = tables.next_job++;
  const auto put = Put(tables, job, new_id, now, now);
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

void CompleteBySql(Tables& tables, JobId id) {
  tables.jobs.erase(id);
  tables.deleted_by_sql.insert(id);
  Tell(tables, id);
}

// Functions that change a leased job end its lease by moving its activation.
void FailBySql(Tables& tables, JobId id) {
  Job& job = tables.jobs.at(id);
  if (tables.LiveLease(id) != nullptr) ++job.activation;
  job.attempts = job.max_attempts;
  Tell(tables, id);
}

void RescheduleBySql(Tables& tables, JobId id, absl::Time run_at) {
  Job& job = tables.jobs.at(id);
  if (tables.LiveLease(id) != nullptr) ++job.activation;
  job.run_at = run_at;
  Tell(tables, id);
}

void ReviveBySql(Tables& tables, JobId id, absl::Time run_at) {
  Job& job = tables.jobs.at(id);
  job.attempts = 0;
  job.run_at = run_at;
  Tell(tables, id);
}

void UnlockBySql(Tables& tables, JobId id) {
  Job& job = tables.jobs.at(id);
  if (tables.LiveLease(id) != nullptr) ++job.activation;
  Tell(tables, id);
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
