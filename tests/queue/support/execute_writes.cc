#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "tests/queue/support/execute.h"

namespace leasehold::fake {
namespace {

// Flags as they are stored: sorted, each once.
std::vector<std::string> StoredFlags(const std::vector<std::string>& flags) {
  const std::set<std::string> each(flags.begin(), flags.end());
  return {each.begin(), each.end()};
}

constexpr char kBlanks[] = " \t\r\n";

bool IsArray(const std::string& json) {
  const size_t first = json.find_first_not_of(kBlanks);
  return first != json.npos && json[first] == '[';
}

bool IsEmptyArray(const std::string& json) {
  return json.find_first_not_of(kBlanks, json.find('[') + 1) == json.rfind(']');
}

// Two arrays joined into one, byte for byte; otherwise the later payload.
std::string MergedPayload(const std::string& earlier, const std::string& later) {
  if (!IsArray(earlier) || !IsArray(later) || IsEmptyArray(earlier)) return later;
  if (IsEmptyArray(later)) return earlier;
  return earlier.substr(0, earlier.rfind(']')) + "," + later.substr(later.find('[') + 1);
}

void Insert(Tables& tables, const NewJob& job, JobId id, absl::Time run_at, absl::Time now) {
  Job row;
  row.id = id;
  row.task = job.task;
  row.queue_name = job.queue_name;
  row.priority = job.priority;
  row.run_at = run_at;
  row.max_attempts = job.max_attempts;
  row.flags = StoredFlags(job.flags);
  row.payload = job.payload;
  row.metadata = job.metadata;
  row.key = job.key;
  row.created_at = row.updated_at = now;
  const bool used = tables.completed.contains(id) || tables.deleted_by_sql.contains(id);
  if (!tables.jobs.emplace(id, std::move(row)).second || used) {
    tables.violations.push_back(absl::StrFormat("job %d is inserted twice", id));
  }
  tables.last_used_job = std::max(tables.last_used_job, id);
}

void Journal(Tables& tables, const std::optional<RequestKey>& key, std::vector<JobId> ids,
             absl::Time now) {
  if (key.has_value()) tables.requests.push_back({*key, std::move(ids), now});
}

// Replaces an unleased job with a key in place.
void Replace(Job& row, const NewJob& job, absl::Time run_at) {
  const bool keeps_run_at = job.key_mode == KeyMode::kPreserveRunAt && row.attempts == 0;
  row.task = job.task;
  row.payload = MergedPayload(row.payload, job.payload);
  row.queue_name = job.queue_name;
  if (!keeps_run_at) row.run_at = run_at;
  row.max_attempts = job.max_attempts;
  row.priority = job.priority;
  row.flags = StoredFlags(job.flags);
  row.metadata = job.metadata;
  row.attempts = row.crashes = 0;
  row.last_error.clear();
  ++row.activation;
  ++row.revision;
}

bool Refused(const RecordOutcomes& request) {
  return std::any_of(request.updates.begin(), request.updates.end(), [](const auto& update) {
    return update.payload == kRefusedText || update.error == kRefusedText;
  });
}

void Apply(Job& job, const RecordOutcomes::Update& update) {
  ++job.activation;
  job.attempts = std::min(job.max_attempts, std::max(job.attempts, update.attempts));
  job.run_at = update.run_at;
  job.crashes = update.crashes;
  if (update.error.has_value()) job.last_error = *update.error;
  if (update.payload.has_value()) job.payload = *update.payload;
}

bool StandsAsRanked(const Job& job, const RankedJob& ranked) {
  return job.activation == ranked.activation && job.run_at == ranked.run_at &&
         job.attempts == ranked.attempts && !job.permanently_failed() && job.task == ranked.task &&
         job.queue_name == ranked.queue_name && job.flags == ranked.flags;
}

}  // namespace

absl::StatusOr<PutJob> Put(Tables& tables, const NewJob& job, JobId new_id,
                           absl::Time default_run_at, absl::Time now, Snapshot snapshot) {
  const absl::Time run_at = job.run_at.value_or(default_run_at + job.delay);
  PutJob put;
  put.id = new_id;
  Job* existing = job.key.has_value() ? tables.FindKey(*job.key) : nullptr;
  if (existing != nullptr) {
    if (tables.locked.contains(existing->id)) return absl::AbortedError("the row is locked");
    if (job.key_mode == KeyMode::kReject) return absl::AlreadyExistsError("the key is there");
    if (job.key_mode == KeyMode::kUnsafeDedupe) {
      ++existing->revision;
      return PutJob{existing->id, false, std::nullopt};
    }
    if (snapshot == Snapshot::kMissesLeases || tables.LiveLease(existing->id) == nullptr) {
      Replace(*existing, job, run_at);
      return PutJob{existing->id, true, std::nullopt};
    }
    existing->key.reset();
    existing->attempts = existing->max_attempts;
    put.overtaken = existing->id;
  }
  Insert(tables, job, new_id, run_at, now);
  return put;
}

absl::StatusOr<AddJobsAnswer> Execute(Tables& tables, const AddJobs& request, absl::Time now) {
  for (const JobToInsert& job : request.jobs) {
    if (job.job.payload == kRefusedText) return absl::InvalidArgumentError("a payload is refused");
    if (tables.jobs.contains(job.id)) return absl::AbortedError("an id is taken");
  }
  for (const JobToInsert& job : request.jobs) {
    Insert(tables, job.job, job.id, job.run_at, now);
    if (job.born_leased) tables.born_leased.insert(job.id);
  }
  if (request.leases.has_value()) tables.InsertLeases(*request.leases, /*durable=*/true);
  for (const AddJobs::Request& part : request.requests) {
    std::vector<JobId> ids;
    for (int i = 0; i < part.count; ++i) ids.push_back(request.jobs[part.first + i].id);
    Journal(tables, part.key, std::move(ids), now);
  }
  return AddJobsAnswer();
}

absl::StatusOr<AddKeyedJobsAnswer> Execute(Tables& tables, const AddKeyedJobs& request,
                                           absl::Time now) {
  for (const NewJob& job : request.jobs) {
    if (job.payload == kRefusedText) return absl::InvalidArgumentError("a payload is refused");
  }
  const std::map<JobId, Job> before = tables.jobs;
  const JobId first_id = tables.next_job;
  tables.next_job += static_cast<JobId>(request.jobs.size());
  AddKeyedJobsAnswer answer;
  for (size_t i = 0; i < request.jobs.size(); ++i) {
    const JobId new_id = first_id + static_cast<JobId>(i);
    const auto put = Put(tables, request.jobs[i], new_id, request.now, now);
    if (!put.ok()) {
      tables.jobs = before;
      return put.status();
    }
    answer.ids.push_back(put->id);
    if (put->overtaken.has_value()) answer.overtaken.push_back(*put->overtaken);
  }
  for (const JobId id : std::set<JobId>(answer.ids.begin(), answer.ids.end())) {
    answer.changed.push_back(tables.jobs.at(id));
  }
  Journal(tables, request.request, answer.ids, now);
  return answer;
}

absl::StatusOr<RemoveJobAnswer> Execute(Tables& tables, const RemoveJob& request, absl::Time now) {
  Job* job = tables.FindKey(request.key);
  if (job == nullptr) return absl::NotFoundError("no job has the key");
  if (tables.locked.contains(job->id)) return absl::AbortedError("the row is locked");
  RemoveJobAnswer answer{job->id, tables.LiveLease(job->id) == nullptr};
  if (answer.deleted) {
    tables.jobs.erase(answer.id);
    tables.deleted_by_sql.insert(answer.id);
  } else {
    job->key.reset();
    job->attempts = job->max_attempts;
  }
  Journal(tables, request.request, {answer.id}, now);
  return answer;
}

absl::StatusOr<LeaseJobsAnswer> Execute(Tables& tables, const LeaseJobs& request, absl::Time) {
  LeaseJobsAnswer answer;
  LeaseRow row{request.leases.number, {}};
  for (size_t i = 0; i < request.jobs.size(); ++i) {
    const Job* job = tables.FindJob(request.jobs[i].id);
    if (job == nullptr || tables.locked.contains(job->id)) continue;
    if (!StandsAsRanked(*job, request.jobs[i])) continue;
    if (job->queue_name.has_value() && !request.durable) {
      tables.violations.push_back("a lease of a serial queue's job is not durable");
    }
    answer.leased.push_back(*job);
    row.leases.push_back(request.leases.leases[i]);
  }
  if (!row.leases.empty()) tables.InsertLeases(row, request.durable);
  return answer;
}

absl::StatusOr<RecordOutcomesAnswer> Execute(Tables& tables, const RecordOutcomes& request,
                                             absl::Time now) {
  if (Refused(request)) return absl::InvalidArgumentError("an outcome's text is refused");
  RecordOutcomesAnswer answer;
  std::set<JobId> locked;
  const auto unlocked = [&](const LeaseToken& token) -> Job* {
    Job* job = tables.FindJob(token.job_id);
    if (job == nullptr || job->activation != token.activation) return nullptr;
    if (!tables.locked.contains(job->id)) return job;
    locked.insert(job->id);
    answer.locked.push_back(token.fencing_number);
    return nullptr;
  };
  for (const auto& complete : request.completes) {
    if (unlocked(complete.token) == nullptr) continue;
    tables.jobs.erase(complete.token.job_id);
    ++tables.completed[complete.token.job_id];
    tables.ended_tokens[complete.token.fencing_number] = {OutcomeKind::kComplete, now};
    answer.completed.push_back(complete.token.fencing_number);
  }
  for (const auto& update : request.updates) {
    Job* job = unlocked(update.token);
    if (job == nullptr) continue;
    Apply(*job, update);
    job->updated_at = now;
    if (update.reported) {
      tables.ended_tokens[update.token.fencing_number] = {update.kind, now};
    }
    answer.updated.push_back({update.token.fencing_number, *job});
  }
  for (const int64_t number : request.ended_lease_rows) {
    const auto row = tables.leases.find(number);
    if (row == tables.leases.end()) continue;
    const auto& leases = row->second.row.leases;
    const bool keeps = std::any_of(leases.begin(), leases.end(), [&locked](const Lease& lease) {
      return locked.contains(lease.token.job_id);
    });
    if (!keeps) tables.DeleteLeaseRow(number);
  }
  return answer;
}

absl::StatusOr<WriteMissingLeasesAnswer> Execute(Tables& tables, const WriteMissingLeases& request,
                                                 absl::Time) {
  for (const LeaseRow& row : request.rows) {
    if (!tables.leases.contains(row.number)) tables.InsertLeases(row, /*durable=*/true);
  }
  return WriteMissingLeasesAnswer();
}

absl::StatusOr<OpenSessionAnswer> Execute(Tables& tables, const OpenSession& request, absl::Time) {
  const SessionNumber number = request.session.number;
  if (!tables.session_numbers.insert(number).second) {
    tables.violations.push_back(absl::StrFormat("session number %d is used twice", number));
  }
  tables.next_session = *tables.session_numbers.rbegin() + 1;
  tables.executors[number] = request.session;
  return OpenSessionAnswer();
}

absl::StatusOr<EndSessionsAnswer> Execute(Tables& tables, const EndSessions& request, absl::Time) {
  for (const SessionNumber number : request.sessions) tables.executors.erase(number);
  return EndSessionsAnswer();
}

absl::StatusOr<DeleteInboxAnswer> Execute(Tables& tables, const DeleteInbox& request, absl::Time) {
  for (const int64_t id : request.inbox_ids) tables.inbox.erase(id);
  return DeleteInboxAnswer();
}

}  // namespace leasehold::fake
