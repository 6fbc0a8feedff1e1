#include "server/store/import/stock.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/store/row_reader.h"
#include "sql/import_statements.h"

namespace leasehold::store {
namespace {

std::string Jobs(int64_t count) {
  return absl::StrFormat("%d job%s", count, count == 1 ? "" : "s");
}

// Names the first ones of a list and says how many more there are.
std::string Some(const std::vector<std::string>& first, int64_t all) {
  const int64_t more = all - static_cast<int64_t>(first.size());
  return absl::StrJoin(first, ", ") + (more > 0 ? absl::StrFormat(" and %d more", more) : "");
}

void CountJobs(ImportSql& sql, ImportReport& report) {
  for (const pqxx::row& row : sql.Run(sql::kCountTheirJobs)) {
    RowReader reader(row);
    ImportReport::Task task;
    task.name = reader.Text();
    task.jobs = reader.Bigint();
    task.failed = reader.Bigint();
    task.locked = reader.Bigint();
    report.jobs += task.jobs;
    report.failed += task.failed;
    report.locked += task.locked;
    report.tasks.push_back(std::move(task));
  }
}

void CountQueues(ImportSql& sql, ImportReport& report) {
  const pqxx::result counted = sql.Run(sql::kCountTheirQueues);
  RowReader row(counted.front());
  report.queues = row.Bigint();
  const int64_t unnamed = row.Bigint();
  report.crontabs = row.Bigint();
  if (unnamed == 0) return;
  report.warnings.push_back(absl::StrFormat(
      "%s of the serial queue with the empty name go into the queue \"%s\"; to add a job to a "
      "queue with the empty name is an error in Leasehold",
      Jobs(unnamed), kUnnamedQueue));
}

void CountOddities(ImportSql& sql, ImportReport& report) {
  const pqxx::result counted = sql.Run(sql::kCountTheirOddities);
  RowReader row(counted.front());
  if (const int64_t attempts = row.Bigint(); attempts > 0) {
    report.warnings.push_back(absl::StrFormat(
        "%s with more attempts than max_attempts, or fewer than none, have that many or none",
        Jobs(attempts)));
  }
  if (const int64_t run_at = row.Bigint(); run_at > 0) {
    report.warnings.push_back(absl::StrFormat(
        "%s with a run_at before the year 1 or after 9999 run at once or never", Jobs(run_at)));
  }
  if (const int64_t errors = row.Bigint(); errors > 0) {
    report.warnings.push_back(
        absl::StrFormat("%s keep the first 65,536 characters of their last_error", Jobs(errors)));
  }
}

void FindLocks(ImportSql& sql, const ImportOptions& options, ImportReport& report) {
  std::vector<std::string> workers;
  for (const pqxx::row& row : sql.Run(sql::kListTheirLocks)) {
    RowReader reader(row);
    ImportReport::Lock lock;
    lock.worker = reader.Text();
    lock.jobs = reader.Bigint();
    lock.since = reader.Text();
    if (workers.size() < 20) {
      workers.push_back(
          absl::StrFormat("%s (%s since %s)", lock.worker, Jobs(lock.jobs), lock.since));
    }
    report.locks.push_back(std::move(lock));
  }
  if (report.locks.empty()) return;
  const std::string who = Some(workers, static_cast<int64_t>(report.locks.size()));
  if (options.unlock) {
    report.warnings.push_back(absl::StrFormat(
        "%s locked by %s can run at once, the attempt under way given back: a worker of those that "
        "is still at work runs its job a second time",
        Jobs(report.locked), who));
    return;
  }
  report.obstacles.push_back(absl::StrFormat(
      "%s in \"%s\" %s locked by %s: stop these workers and let them finish; or, if they are "
      "gone, give the same command with --unlock, which gives the attempts back (a worker that is "
      "still at work would then run its job a second time)",
      Jobs(report.locked), sql.theirs(), report.locked == 1 ? "is" : "are", who));
}

void FindUnmovable(ImportSql& sql, ImportReport& report) {
  std::vector<std::string> jobs;
  int64_t all = 0;
  for (const pqxx::row& row : sql.Run(sql::kListUnmovableJobs)) {
    RowReader reader(row);
    all = reader.Bigint();
    const int64_t id = reader.Bigint();
    jobs.push_back(absl::StrFormat("%d (%s)", id, reader.Text()));
  }
  if (jobs.empty()) return;
  report.obstacles.push_back(absl::StrFormat(
      "%s in \"%s\" cannot be moved, and cannot run there either: %s; delete them first with "
      "SELECT \"%s\".complete_jobs(ARRAY[...]), or mend them",
      Jobs(all), sql.theirs(), Some(jobs, all), sql.theirs()));
}

void FindClashes(ImportSql& sql, ImportReport& report) {
  std::vector<std::string> keys;
  int64_t all = 0;
  for (const pqxx::row& row : sql.Run(sql::kListClashingKeys)) {
    RowReader reader(row);
    all = reader.Bigint();
    keys.push_back("\"" + reader.Text() + "\"");
  }
  if (keys.empty()) return;
  report.obstacles.push_back(absl::StrFormat(
      "%s of \"%s\" and as many of \"%s\" have the same key: %s; remove the one or the other first "
      "(leasehold remove KEY, or remove_job in SQL)",
      Jobs(all), sql.theirs(), sql.ours(), Some(keys, all)));
}

void FindDependents(ImportSql& sql, ImportReport& report) {
  std::vector<std::string> dependents;
  int64_t all = 0;
  for (const pqxx::row& row : sql.Run(sql::kListDependents, sql.theirs())) {
    if (++all <= 20) dependents.emplace_back(row[0].c_str());
  }
  if (dependents.empty()) return;
  report.warnings.push_back(absl::StrFormat(
      "these stay bound to the schema that is renamed to \"%s\", create them again: %s",
      report.renamed_to, Some(dependents, all)));
}

}  // namespace

void TakeStock(ImportSql& sql, const ImportOptions& options, bool ours_is_there,
               ImportReport& report) {
  CountJobs(sql, report);
  CountQueues(sql, report);
  CountOddities(sql, report);
  FindLocks(sql, options, report);
  FindUnmovable(sql, report);
  if (ours_is_there) FindClashes(sql, report);
  if (!options.take_over) return;
  FindDependents(sql, report);
  for (const pqxx::row& row : sql.Run(sql::kListGrants, sql.theirs(), sql.ours())) {
    report.grants.emplace_back(row[0].c_str());
  }
}

}  // namespace leasehold::store
