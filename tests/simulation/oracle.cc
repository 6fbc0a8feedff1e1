#include "tests/simulation/oracle.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"

namespace leasehold::simulation {

// What ends a job as complete must be a run of what the job is, under the last lease of it.
void Oracle::BeforeWrite(const StoreRequest& request) {
  wrong_if_done_.clear();
  const auto* record = std::get_if<RecordOutcomes>(&request);
  if (record == nullptr) return;
  const auto check = [this](const LeaseToken& token, bool completes) {
    const Job* job = database_.tables.FindJob(token.job_id);
    if (job == nullptr || job->activation != token.activation) return;
    const auto grant = last_grant_.find(token.job_id);
    if (grant == last_grant_.end() || !(grant->second.token == token)) {
      wrong_if_done_.push_back(
          absl::StrFormat("job %d is ended by a lease that is not its last", job->id));
    } else if (completes && grant->second.payload != job->payload) {
      wrong_if_done_.push_back(
          absl::StrFormat("job %d is completed by a run of what it was before", job->id));
    }
  };
  for (const auto& complete : record->completes) check(complete.token, true);
  for (const auto& update : record->updates) check(update.token, false);
}

void Oracle::AfterWrite(const StoreRequest& request, const StoreAnswer& answer) {
  for (const std::string& wrong : wrong_if_done_) story_.Fault(wrong);
  if (const auto* add = std::get_if<AddJobs>(&request)) {
    if (!add->leases.has_value()) return;
    for (const Lease& lease : add->leases->leases) Granted(lease.token, add->leases->number);
    story_.Count(Happening::kBornLeased, static_cast<int64_t>(add->leases->leases.size()));
  } else if (const auto* lease_jobs = std::get_if<LeaseJobs>(&request)) {
    std::set<JobId> leased;
    for (const Job& job : std::get<LeaseJobsAnswer>(answer).leased) leased.insert(job.id);
    for (const Lease& lease : lease_jobs->leases.leases) {
      if (!leased.contains(lease.token.job_id)) continue;
      Granted(lease.token, lease_jobs->leases.number);
    }
  } else if (const auto* window = std::get_if<LeaseWindow>(&request)) {
    for (const auto& leased : std::get<LeaseWindowAnswer>(answer).leased) {
      LeaseToken token = window->leases.leases[leased.lease].token;
      token.job_id = leased.job.id;
      token.activation = leased.job.activation;
      Granted(token, window->leases.number);
      story_.Count(Happening::kWindowLeased);
    }
  } else if (const auto* crons = std::get_if<RunCronTicks>(&request)) {
    const auto& ran = std::get<RunCronTicksAnswer>(answer).ticks;
    for (size_t i = 0; i < ran.size(); ++i) {
      if (ran[i].outcome != RunCronTicksAnswer::Outcome::kAdded) continue;
      const bool backfilled = crons->ticks[i].job.payload.find("true") != std::string::npos;
      story_.Count(backfilled ? Happening::kTickBackfilled : Happening::kTickRun);
    }
  } else if (std::holds_alternative<WriteMissingLeases>(request)) {
    story_.Count(Happening::kLeaseRowsWritten);
  }
}

void Oracle::Undone(const StoreRequest& request, const StoreAnswer& answer) {
  std::vector<JobId> jobs;
  if (const auto* leased = std::get_if<LeaseJobsAnswer>(&answer)) {
    for (const Job& job : leased->leased) jobs.push_back(job.id);
  } else if (const auto* window = std::get_if<LeaseWindowAnswer>(&answer)) {
    for (const auto& one : window->leased) jobs.push_back(one.job.id);
  }
  int64_t row = 0;
  if (const auto* lease = std::get_if<LeaseJobs>(&request)) row = lease->leases.number;
  if (const auto* window = std::get_if<LeaseWindow>(&request)) row = window->leases.number;
  for (const JobId job : jobs) {
    const auto grant = last_grant_.find(job);
    if (grant != last_grant_.end() && grant->second.row == row) last_grant_.erase(grant);
  }
}

void Oracle::Granted(const LeaseToken& token, int64_t row) {
  const Job* job = database_.tables.FindJob(token.job_id);
  if (job == nullptr) return;
  if (job->permanently_failed()) {
    story_.Fault(absl::StrFormat("job %d had failed for good and is leased", job->id));
  }
  const auto before = last_grant_.find(job->id);
  if (before != last_grant_.end() && before->second.token.fencing_number >= token.fencing_number) {
    story_.Fault(absl::StrFormat("the fencing number of job %d does not grow", job->id));
  }
  last_grant_[job->id] = {token, row, job->payload};
  payloads_[token.fencing_number] = job->payload;
}

void Oracle::Acknowledged(const std::vector<JobId>& jobs) {
  acknowledged_.insert(jobs.begin(), jobs.end());
}

void Oracle::Answered(const std::string& request_id, const std::vector<JobId>& jobs) {
  const auto [answer, first] = answers_.emplace(request_id, jobs);
  if (!first && answer->second != jobs) {
    story_.Fault(absl::StrFormat("request %s has two answers", request_id));
  }
}

void Oracle::Confirmed(const LeaseToken& token, OutcomeKind kind) {
  const auto ended = database_.tables.ended_tokens.find(token.fencing_number);
  if (ended == database_.tables.ended_tokens.end() || ended->second.kind != kind) {
    story_.Fault(
        absl::StrFormat("an outcome of job %d is confirmed and was not recorded", token.job_id));
  }
}

void Oracle::Lost(const LeaseToken& token, OutcomeKind kind) {
  story_.Count(Happening::kLeaseLost);
  const auto ended = database_.tables.ended_tokens.find(token.fencing_number);
  if (ended != database_.tables.ended_tokens.end() && ended->second.kind == kind) {
    story_.Fault(
        absl::StrFormat("an outcome of job %d was recorded and is refused as lost", token.job_id));
  }
}

void Oracle::Started(const LeaseToken& token, const std::string& payload) {
  const auto leased = payloads_.find(token.fencing_number);
  if (leased == payloads_.end()) {
    story_.Fault(absl::StrFormat("job %d is run without ever having been leased", token.job_id));
  } else if (leased->second != payload) {
    story_.Fault(absl::StrFormat("job %d is run with a payload that was not leased", token.job_id));
  }
}

bool Oracle::Known(JobId id) const {
  const fake::Tables& tables = database_.tables;
  return tables.jobs.contains(id) || tables.completed.contains(id) ||
         tables.deleted_by_sql.contains(id);
}

void Oracle::Owes(const CronEntry& cron, absl::Time from) { owed_.push_back({cron, from}); }

bool Oracle::CaughtUp() const {
  return std::all_of(owed_.begin(), owed_.end(), [this](const OwedCron& owed) {
    const auto& known = database_.tables.known_crons.at(owed.entry.spec.identifier);
    return owed.entry.schedule.NextAfter(*known.last_execution) > database_.now();
  });
}

// The tables note a tick that runs twice.
void Oracle::CheckTicks() {
  for (const auto& [entry, from] : owed_) {
    const std::string& cron = entry.spec.identifier;
    const absl::Time last = *database_.tables.known_crons.at(cron).last_execution;
    for (absl::Time tick = entry.schedule.NextAfter(from); tick <= last;
         tick = entry.schedule.NextAfter(tick)) {
      if (database_.tables.ticks.contains({cron, tick})) continue;
      story_.Fault(
          absl::StrFormat("the tick of %s at %s was left out", cron, absl::FormatTime(tick)));
    }
  }
}

void Oracle::Check() {
  const auto& violations = database_.tables.violations;
  for (; checked_violations_ < violations.size(); ++checked_violations_) {
    story_.Fault(violations[checked_violations_]);
  }
}

void Oracle::CheckEnd() {
  const fake::Tables& tables = database_.tables;
  CheckTicks();
  for (const JobId id : acknowledged_) {
    if (!Known(id)) story_.Fault(absl::StrFormat("job %d was acknowledged and is lost", id));
  }
  for (const auto& [id, times] : tables.completed) {
    if (times > 1) story_.Fault(absl::StrFormat("job %d was completed %d times", id, times));
    if (tables.jobs.contains(id)) story_.Fault(absl::StrFormat("job %d came back", id));
  }
  for (const auto& [id, job] : tables.jobs) {
    // A tick may come when the executors have gone.
    const bool of_a_cron = job.payload.find("_cron") != std::string::npos;
    if (!job.permanently_failed() && !of_a_cron) {
      story_.Fault(absl::StrFormat("job %d never ended", id));
    }
    if (job.permanently_failed()) story_.Count(Happening::kFailedForGood);
  }
  for (const auto& [number, stored] : tables.leases) {
    story_.Fault(absl::StrFormat("lease row %d of job %d is left", number,
                                 stored.row.leases.front().token.job_id));
  }
  if (!tables.inbox.empty()) story_.Fault("the inbox is not empty");
  for (const auto& [number, session] : tables.executors) {
    story_.Fault(absl::StrFormat("session %d of %s is left", number, session.executor_name));
  }
}

}  // namespace leasehold::simulation
