#include "tests/queue/support/tables.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace leasehold::fake {

Job* Tables::FindJob(JobId id) {
  const auto found = jobs.find(id);
  return found == jobs.end() ? nullptr : &found->second;
}

Job* Tables::FindKey(const std::string& key) {
  for (auto& [id, job] : jobs) {
    if (job.key == key) return &job;
  }
  return nullptr;
}

bool Tables::IsLive(const Lease& lease) const {
  const auto job = jobs.find(lease.token.job_id);
  return job != jobs.end() && job->second.activation == lease.token.activation;
}

const Lease* Tables::LiveLease(JobId id) const {
  for (const auto& [number, stored] : leases) {
    for (const Lease& lease : stored.row.leases) {
      if (lease.token.job_id == id && IsLive(lease)) return &lease;
    }
  }
  return nullptr;
}

void Tables::InsertLeases(const LeaseRow& row, bool durable) {
  for (const Lease& lease : row.leases) {
    if (!IsLive(lease)) continue;
    const JobId id = lease.token.job_id;
    const Lease* other = LiveLease(id);
    if (other != nullptr && !(other->token == lease.token)) {
      violations.push_back(absl::StrFormat("job %d is leased twice", id));
    }
  }
  leases[row.number] = {row, durable};
  std::map<std::string, JobId> running;
  for (const auto& [number, stored] : leases) {
    for (const Lease& lease : stored.row.leases) {
      if (!IsLive(lease)) continue;
      const Job& job = jobs.at(lease.token.job_id);
      if (!job.queue_name.has_value()) continue;
      const auto [first, fresh] = running.emplace(*job.queue_name, job.id);
      if (fresh || first->second == job.id) continue;
      violations.push_back(absl::StrFormat("jobs %d and %d of queue %s are leased at once",
                                           first->second, job.id, *job.queue_name));
    }
  }
}

void Tables::DeleteLeaseRow(int64_t number) {
  const auto found = leases.find(number);
  if (found == leases.end()) return;
  const LeaseRow row = found->second.row;
  leases.erase(found);
  for (const Lease& lease : row.leases) {
    if (!IsLive(lease) || LiveLease(lease.token.job_id) != nullptr) continue;
    violations.push_back(absl::StrFormat("lease row %d is deleted, but its lease of job %d is live",
                                         number, lease.token.job_id));
  }
}

void Tables::LoseAsynchronousCommits() {
  std::erase_if(leases, [](const auto& entry) { return !entry.second.durable; });
}

RankedJob Ranked(const Job& job) { return job; }

}  // namespace leasehold::fake
