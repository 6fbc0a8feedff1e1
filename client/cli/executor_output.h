#pragma once

#include <ostream>
#include <vector>

#include "client/cli/document.h"
#include "client/cpp/admin.h"

// Executors for people and for programs.
namespace leasehold::cli {

Json ExecutorDocument(const client::ExecutorInfo& executor);

// Lines are cut to `width` columns; 0: never.
void PrintExecutors(const std::vector<client::ExecutorInfo>& executors, size_t width,
                    std::ostream& out);

}  // namespace leasehold::cli
