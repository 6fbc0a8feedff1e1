#pragma once

#include <istream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/command.h"
#include "server/cron/crontab.h"

namespace leasehold::cli {

// The argument FILE of a command that reads a crontab.
void AddCrontabFile(CLI::App& command, std::string& file);

// All of it; "-" is `in`. The error names the file.
absl::StatusOr<std::string> ReadCrontabFile(const std::string& file, std::istream& in);

// Says each fault on a line of its own on `err`, and returns an error that counts them.
absl::Status FaultyCrontab(const std::vector<CrontabError>& errors, const std::string& file,
                           std::ostream& err);

}  // namespace leasehold::cli
