#include <algorithm>

#include "tests/queue/support/execute.h"

namespace leasehold::fake {
namespace {

bool InWindow(const Tables& tables, const Job& job, const LeaseWindow& window) {
  return tables.InOrder(job) && job.task == window.task && job.priority == window.priority &&
         job.run_at <= window.now && (!window.after.has_value() || *window.after < job.rank());
}

bool Allowed(const Job& job, const LeaseWindow& window) {
  return std::none_of(job.flags.begin(), job.flags.end(), [&window](const std::string& flag) {
    const auto& forbidden = window.forbidden_flags;
    return std::find(forbidden.begin(), forbidden.end(), flag) != forbidden.end();
  });
}

}  // namespace

absl::StatusOr<LeaseWindowAnswer> Execute(Tables& tables, const LeaseWindow& request, absl::Time) {
  std::vector<const Job*> rows;
  for (const auto& [id, job] : tables.jobs) {
    if (InWindow(tables, job, request)) rows.push_back(&job);
  }
  std::sort(rows.begin(), rows.end(),
            [](const Job* a, const Job* b) { return a->rank() < b->rank(); });
  rows.resize(std::min(rows.size(), request.leases.leases.size()));
  LeaseWindowAnswer answer;
  LeaseRow leases{request.leases.number, {}};
  bool barred = false;
  for (const Job* job : rows) {
    if (tables.locked.contains(job->id)) return absl::AbortedError("a row is locked");
    answer.last = job->rank();
    const bool allowed = Allowed(*job, request);
    barred = barred || (allowed && (job->queue_name.has_value() || job->crashes > 0));
    if (!allowed || barred) {
      answer.unleased.push_back(*job);
      continue;
    }
    Lease lease = request.leases.leases[leases.leases.size()];
    lease.token.job_id = job->id;
    lease.token.activation = job->activation;
    answer.leased.push_back({leases.leases.size(), *job});
    leases.leases.push_back(lease);
  }
  answer.complete = rows.size() < request.leases.leases.size();
  if (!leases.leases.empty()) tables.InsertLeases(leases, /*durable=*/false);
  return answer;
}

}  // namespace leasehold::fake
