#pragma once

#include <cstddef>
#include <ostream>
#include <vector>

#include "client/cli/document.h"
#include "client/cpp/cron.h"

namespace leasehold::cli {

Json CronDocument(const client::Cron& cron);

// One line each.
void PrintCrons(const std::vector<client::Cron>& crons, size_t width, std::ostream& out);

}  // namespace leasehold::cli
