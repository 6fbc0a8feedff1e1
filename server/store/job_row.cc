#include "server/store/job_row.h"

namespace leasehold::store {
namespace {

constexpr int kColumnsWithoutLease = 17;

}  // namespace

const char* KeyModeName(KeyMode mode) {
  switch (mode) {
    case KeyMode::kReplace:
      return "replace";
    case KeyMode::kPreserveRunAt:
      return "preserve_run_at";
    case KeyMode::kUnsafeDedupe:
      return "unsafe_dedupe";
    case KeyMode::kReject:
      break;
  }
  return "reject";
}

KeyMode ParseKeyMode(std::string_view name) {
  for (const KeyMode mode : {KeyMode::kPreserveRunAt, KeyMode::kUnsafeDedupe, KeyMode::kReject}) {
    if (name == KeyModeName(mode)) return mode;
  }
  return KeyMode::kReplace;
}

void ReadRankedColumns(RowReader& row, RankedJob& job) {
  job.id = row.Bigint();
  job.task = row.Text();
  job.queue_name = row.OptionalText();
  job.priority = row.Int();
  job.run_at = row.Time();
  job.attempts = row.Int();
  job.max_attempts = row.Int();
  job.activation = row.Int();
  job.crashes = row.Int();
  job.flags = row.TextArray();
}

RankedJob ReadRankedJob(RowReader& row) {
  RankedJob job;
  ReadRankedColumns(row, job);
  return job;
}

void ReadColumnsOfWindow(RowReader& row, RankedJob& job) {
  job.id = row.Bigint();
  job.queue_name = row.OptionalText();
  job.run_at = row.Time();
  job.attempts = row.Int();
  job.max_attempts = row.Int();
  job.activation = row.Int();
  job.crashes = row.Int();
  job.flags = row.TextArray();
}

void ReadUnrankedColumns(RowReader& row, Job& job) {
  job.payload = row.Text();
  job.metadata = row.IsNull() ? (row.Skip(), "{}") : row.Text();
  job.last_error = row.Text();
  job.key = row.OptionalText();
  job.revision = row.Int();
  job.created_at = row.Time();
  job.updated_at = row.OptionalTime().value_or(job.created_at);
}

Job ReadWholeJob(RowReader& row) {
  Job job;
  ReadRankedColumns(row, job);
  ReadUnrankedColumns(row, job);
  return job;
}

std::vector<Job> ReadWholeJobs(const pqxx::result& result) {
  const bool has_lease = result.columns() > kColumnsWithoutLease;
  std::vector<Job> jobs(result.size());
  for (size_t i = 0; i < jobs.size(); ++i) {
    RowReader row(result[i]);
    Job& job = jobs[i];
    ReadRankedColumns(row, job);
    ReadUnrankedColumns(row, job);
    if (!has_lease) continue;
    job.locked_at = row.OptionalTime();
    job.locked_by = row.Text();
  }
  return jobs;
}

}  // namespace leasehold::store
