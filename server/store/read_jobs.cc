#include <algorithm>
#include <unordered_set>
#include <utility>

#include "server/store/array_parameter.h"
#include "server/store/execute.h"
#include "server/store/job_row.h"

// What the queue reads to rank: no lock, no journal.
namespace leasehold::store {
namespace {

using Window = ReadWindows::Window;

std::vector<RankedJob> ReadRankedJobs(const pqxx::result& result) {
  std::vector<RankedJob> jobs;
  jobs.reserve(result.size());
  for (const pqxx::row& columns : result) {
    RowReader row(columns);
    jobs.push_back(ReadRankedJob(row));
  }
  return jobs;
}

std::optional<std::string> ForbiddenLiteral(const Window& window) {
  if (window.forbidden_flags.empty()) return std::nullopt;
  return ArrayLiteral(window.forbidden_flags);
}

std::optional<absl::Time> AfterRunAt(const Window& window) {
  if (!window.after.has_value()) return std::nullopt;
  return window.after->run_at;
}

std::optional<int64_t> AfterId(const Window& window) {
  if (!window.after.has_value()) return std::nullopt;
  return window.after->id;
}

// The columns of a window's row behind its number.
void AddToPage(RowReader& row, const Window& window, ReadWindowsAnswer::Page& page) {
  const bool excluded = row.Bool();
  RankedJob job;
  job.task = window.task;
  job.priority = window.priority;
  ReadColumnsOfWindow(row, job);
  const Rank rank = job.rank();
  if (!page.last.has_value() || *page.last < rank) page.last = rank;
  if (!excluded) page.jobs.push_back(std::move(job));
}

void FinishPage(const Window& window, int rows_read, ReadWindowsAnswer::Page& page) {
  // A full page says nothing of what stands behind it.
  page.complete = rows_read < window.limit;
  const auto by_rank = [](const RankedJob& a, const RankedJob& b) { return a.rank() < b.rank(); };
  if (!std::is_sorted(page.jobs.begin(), page.jobs.end(), by_rank)) {
    std::sort(page.jobs.begin(), page.jobs.end(), by_rank);
  }
}

}  // namespace

absl::StatusOr<ReadPrioritiesAnswer> Execute(Connection& connection,
                                             const ReadPriorities& request) {
  const auto result = connection.Run(sql::kReadPriorities, TextArray(request.tasks));
  if (!result.ok()) return result.status();
  ReadPrioritiesAnswer answer;
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    std::string task = row.Text();
    answer.entries.push_back({std::move(task), row.Int()});
  }
  return answer;
}

absl::StatusOr<ReadWindowsAnswer> Execute(Connection& connection, const ReadWindows& request) {
  const auto column = [&request](ElementType type, auto value_of) {
    return ArrayOf(type, request.windows, value_of);
  };
  const auto result = connection.Run(
      sql::kReadWindows,
      column(ElementType::kText, [](const Window& w) { return std::string_view(w.task); }),
      column(ElementType::kSmallint, [](const Window& w) { return w.priority; }),
      column(ElementType::kTimestamptz, AfterRunAt), column(ElementType::kBigint, AfterId),
      column(ElementType::kInteger, [](const Window& w) { return w.limit; }),
      column(ElementType::kText, ForbiddenLiteral));
  if (!result.ok()) return result.status();

  ReadWindowsAnswer answer;
  answer.pages.resize(request.windows.size());
  std::vector<int> rows_read(request.windows.size());
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    const size_t window = row.Bigint() - 1;
    ++rows_read[window];
    AddToPage(row, request.windows[window], answer.pages[window]);
  }
  for (size_t i = 0; i < answer.pages.size(); ++i) {
    FinishPage(request.windows[i], rows_read[i], answer.pages[i]);
  }
  return answer;
}

absl::StatusOr<ReadQueueHeadsAnswer> Execute(Connection& connection,
                                             const ReadQueueHeads& request) {
  const auto result =
      connection.Run(sql::kReadQueueHeads, TextArray(request.queues), TextArray(request.tasks),
                     TextArray(request.forbidden_flags), TimeParameter(request.now), request.limit);
  if (!result.ok()) return result.status();
  ReadQueueHeadsAnswer answer;
  for (const std::string& name : request.queues) answer.queues.push_back({name, {}, true});
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    ReadQueueHeadsAnswer::Queue& queue = answer.queues[row.Int() - 1];
    if (row.Int() > request.limit) {
      queue.complete = false;
    } else {
      queue.jobs.push_back(ReadRankedJob(row));
    }
  }
  return answer;
}

absl::StatusOr<ReadJobsAnswer> Execute(Connection& connection, const ReadJobs& request) {
  const auto result = connection.Run(sql::kReadJobs, BigintArray(request.ids));
  if (!result.ok()) return result.status();
  return ReadJobsAnswer{ReadRankedJobs(*result)};
}

absl::StatusOr<ReadInboxAnswer> Execute(Connection& connection, const ReadInbox& request) {
  const auto result = connection.Run(sql::kReadInbox, request.limit);
  if (!result.ok()) return result.status();
  ReadInboxAnswer answer;
  std::unordered_set<JobId> seen;
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    answer.inbox_ids.push_back(row.Bigint());
    const JobId id = row.Bigint();
    if (!seen.insert(id).second) continue;
    answer.job_ids.push_back(id);
    if (!row.IsNull()) answer.jobs.push_back(ReadRankedJob(row));
  }
  answer.complete = static_cast<int>(result->size()) < request.limit;
  return answer;
}

}  // namespace leasehold::store
