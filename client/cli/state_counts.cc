#include "client/cli/state_counts.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace leasehold::cli {

void AddCountColumns(std::vector<Table::Column>& columns) {
  for (const char* title : {"READY", "SCHEDULED", "LEASED", "FAILED", "OLDEST READY"}) {
    columns.push_back({title, Table::Align::kRight});
  }
}

void AddCountCells(const client::StateCounts& counts, std::vector<std::string>& cells) {
  for (const int64_t count : {counts.ready, counts.scheduled, counts.leased, counts.failed}) {
    cells.push_back(std::to_string(count));
  }
  const auto oldest = counts.oldest_ready_run_at;
  cells.push_back(oldest ? ShortDuration(std::max(absl::Now() - *oldest, absl::ZeroDuration()))
                         : "-");
}

void AddCounts(const client::StateCounts& counts, Json& document) {
  document["ready"] = counts.ready;
  document["scheduled"] = counts.scheduled;
  document["leased"] = counts.leased;
  document["failed"] = counts.failed;
  document["oldest_ready_run_at"] = OrNull(counts.oldest_ready_run_at);
}

}  // namespace leasehold::cli
