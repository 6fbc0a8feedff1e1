#pragma once

#include <string>
#include <vector>

#include "client/cli/document.h"
#include "client/cli/text.h"
#include "client/cpp/admin.h"

// Jobs by state, as a queue and a task have them.
namespace leasehold::cli {

// Adds READY, SCHEDULED, LEASED, FAILED and OLDEST READY.
void AddCountColumns(std::vector<Table::Column>& columns);
void AddCountCells(const client::StateCounts& counts, std::vector<std::string>& cells);

void AddCounts(const client::StateCounts& counts, Json& document);

}  // namespace leasehold::cli
