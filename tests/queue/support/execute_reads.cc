#include <algorithm>
#include <set>
#include <utility>

#include "tests/queue/support/execute.h"

namespace leasehold::fake {
namespace {

bool Forbidden(const Job& job, const std::vector<std::string>& flags) {
  return std::any_of(job.flags.begin(), job.flags.end(), [&flags](const std::string& flag) {
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
  });
}

// The first `limit` of the jobs that `wanted` says, in the order of work.
template <typename Wanted>
std::vector<const Job*> FirstJobs(const Tables& tables, int limit, Wanted wanted) {
  std::vector<const Job*> jobs;
  for (const auto& [id, job] : tables.jobs) {
    if (tables.InOrder(job) && wanted(job)) jobs.push_back(&job);
  }
  const size_t most = std::min(jobs.size(), static_cast<size_t>(limit));
  std::partial_sort(jobs.begin(), jobs.begin() + static_cast<std::ptrdiff_t>(most), jobs.end(),
                    [](const Job* a, const Job* b) { return a->rank() < b->rank(); });
  jobs.resize(most);
  return jobs;
}

ReadWindowsAnswer::Page ReadPage(const Tables& tables, const ReadWindows::Window& window) {
  const auto rows = FirstJobs(tables, window.limit, [&window](const Job& job) {
    return job.task == window.task && job.priority == window.priority &&
           (!window.after.has_value() || *window.after < job.rank());
  });
  ReadWindowsAnswer::Page page;
  page.complete = rows.size() < static_cast<size_t>(window.limit);
  for (const Job* job : rows) {
    page.last = job->rank();
    if (!Forbidden(*job, window.forbidden_flags)) page.jobs.push_back(*job);
  }
  return page;
}

}  // namespace

absl::StatusOr<ReserveJobIdsAnswer> Execute(Tables& tables, const ReserveJobIds& request,
                                            absl::Time) {
  ReserveJobIdsAnswer answer;
  for (int i = 0; i < request.count; ++i) answer.ids.push_back(tables.next_job++);
  tables.reserved_job = tables.next_job - 1;
  return answer;
}

absl::StatusOr<ReadPrioritiesAnswer> Execute(Tables& tables, const ReadPriorities& request,
                                             absl::Time) {
  std::set<std::pair<std::string, int>> found;
  for (const auto& [id, job] : tables.jobs) {
    if (tables.InOrder(job)) found.emplace(job.task, job.priority);
  }
  ReadPrioritiesAnswer answer;
  for (const auto& [task, priority] : found) {
    const auto& tasks = request.tasks;
    if (std::find(tasks.begin(), tasks.end(), task) == tasks.end()) continue;
    answer.entries.push_back({task, priority});
  }
  return answer;
}

absl::StatusOr<ReadWindowsAnswer> Execute(Tables& tables, const ReadWindows& request, absl::Time) {
  ReadWindowsAnswer answer;
  for (const auto& window : request.windows) answer.pages.push_back(ReadPage(tables, window));
  return answer;
}

absl::StatusOr<ReadQueueHeadsAnswer> Execute(Tables& tables, const ReadQueueHeads& request,
                                             absl::Time) {
  ReadQueueHeadsAnswer answer;
  for (const std::string& name : request.queues) {
    auto rows = FirstJobs(tables, request.limit + 1, [&request, &name](const Job& job) {
      return job.queue_name == name && job.run_at <= request.now &&
             std::find(request.tasks.begin(), request.tasks.end(), job.task) !=
                 request.tasks.end() &&
             !Forbidden(job, request.forbidden_flags);
    });
    ReadQueueHeadsAnswer::Queue& queue = answer.queues.emplace_back();
    queue.name = name;
    queue.complete = rows.size() <= static_cast<size_t>(request.limit);
    if (!queue.complete) rows.pop_back();
    for (const Job* job : rows) queue.jobs.push_back(*job);
  }
  return answer;
}

absl::StatusOr<ReadJobsAnswer> Execute(Tables& tables, const ReadJobs& request, absl::Time) {
  ReadJobsAnswer answer;
  for (const JobId id : request.ids) {
    if (const Job* job = tables.FindJob(id); job != nullptr) answer.jobs.push_back(*job);
  }
  return answer;
}

absl::StatusOr<ReadInboxAnswer> Execute(Tables& tables, const ReadInbox& request, absl::Time) {
  ReadInboxAnswer answer;
  std::set<JobId> seen;
  for (const auto& [inbox_id, job_id] : tables.inbox) {
    if (answer.inbox_ids.size() == static_cast<size_t>(request.limit)) return answer;
    answer.inbox_ids.push_back(inbox_id);
    if (!seen.insert(job_id).second) continue;
    answer.job_ids.push_back(job_id);
    if (const Job* job = tables.FindJob(job_id); job != nullptr) answer.jobs.push_back(*job);
  }
  answer.complete = answer.inbox_ids.size() < static_cast<size_t>(request.limit);
  return answer;
}

namespace {

// What lies from one place of the journal to another; without the other, to its end.
void Recall(const Tables& tables, JournalPlace from, std::optional<JournalPlace> to, absl::Time now,
            JournalMemory& journal) {
  for (const auto& [number, ended] : tables.ended_tokens) {
    if (number < from.epoch || (to.has_value() && number >= to->epoch)) continue;
    journal.tokens.push_back({number, ended.kind, now - ended.at});
  }
  const auto end = to.has_value() ? static_cast<size_t>(to->number) : tables.requests.size();
  for (auto i = static_cast<size_t>(from.number); i < end; ++i) {
    const auto& request = tables.requests[i];
    journal.requests.push_back({request.key, request.ids, now - request.at});
  }
}

}  // namespace

absl::StatusOr<LoadLeadershipAnswer> Execute(Tables& tables, const LoadLeadership&,
                                             absl::Time now) {
  LoadLeadershipAnswer answer;
  for (const auto& [number, stored] : tables.leases) {
    bool live = false;
    for (const Lease& lease : stored.row.leases) {
      if (!tables.IsLive(lease)) continue;
      live = true;
      answer.leases.push_back({number, lease, tables.jobs.at(lease.token.job_id)});
    }
    if (!live) answer.dead_lease_rows.push_back(number);
  }
  for (const auto& [number, session] : tables.executors) answer.sessions.push_back(session);
  JournalPlace from;  // the first token and request of the recent ones
  size_t left = tables.recent_journal;
  for (auto ended = tables.ended_tokens.rbegin(); ended != tables.ended_tokens.rend(); ++ended) {
    if (left-- == 0) break;
    from.epoch = ended->first;
  }
  const size_t requests = tables.requests.size();
  from.number = static_cast<int64_t>(requests - std::min(requests, tables.recent_journal));
  Recall(tables, from, {}, now, answer.journal);
  const size_t recalled = answer.journal.tokens.size() + answer.journal.requests.size();
  if (recalled < tables.ended_tokens.size() + requests) answer.journal_rest = from;
  for (const auto& [identifier, cron] : tables.crons) answer.crons.push_back(cron);
  for (const auto& [identifier, known] : tables.known_crons) answer.known_crons.push_back(known);
  answer.next_session = tables.next_session;
  answer.now = now;
  return answer;
}

absl::StatusOr<LoadJournalAnswer> Execute(Tables& tables, const LoadJournal& request,
                                          absl::Time now) {
  LoadJournalAnswer answer;
  Recall(tables, {}, request.before, now, answer.journal);
  return answer;
}

}  // namespace leasehold::fake
