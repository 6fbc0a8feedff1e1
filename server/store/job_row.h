#pragma once

#include <pqxx/result>
#include <string_view>
#include <vector>

#include "server/job/job.h"
#include "server/store/row_reader.h"

namespace leasehold::store {

// As the functions in SQL name it.
const char* KeyModeName(KeyMode mode);
// kReplace for any name that is none.
KeyMode ParseKeyMode(std::string_view name);

// Reads the ranked columns: id, task, queue_name, priority, run_at, attempts, max_attempts,
// activation, crashes, flags.
void ReadRankedColumns(RowReader& row, RankedJob& job);
RankedJob ReadRankedJob(RowReader& row);
// The same without task and priority, which all jobs of a window have in common.
void ReadColumnsOfWindow(RowReader& row, RankedJob& job);

// Reads what makes a ranked job whole: payload, metadata (NULL: {}), last_error, job_key, revision,
// created_at, updated_at (NULL: as created_at).
void ReadUnrankedColumns(RowReader& row, Job& job);

// Both.
Job ReadWholeJob(RowReader& row);

// Rows of whole jobs: the ranked columns, the others; and, where the statement has them, locked_at
// and locked_by.
std::vector<Job> ReadWholeJobs(const pqxx::result& result);

}  // namespace leasehold::store
