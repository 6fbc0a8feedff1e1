#pragma once

#include <istream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"

namespace leasehold::cli {

// Adds ID..., which ReadJobIds takes.
void AddJobIds(CLI::App& command, std::vector<std::string>& ids);

// The ids as they were typed, each once, in order. "-" stands for those on `in`: one a line, or
// what `list -o json` or `add -o json` wrote.
absl::StatusOr<std::vector<std::string>> ReadJobIds(const std::vector<std::string>& typed,
                                                    std::istream& in);

}  // namespace leasehold::cli
