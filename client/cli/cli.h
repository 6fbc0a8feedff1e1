#pragma once

#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "client/cli/report.h"

namespace leasehold::cli {

// The exit statuses of `leasehold`.
inline constexpr int kExitOk = 0;
// The server said no, or could not be asked.
inline constexpr int kExitError = 1;
// The command line is wrong.
inline constexpr int kExitUsage = 2;

// Runs one `leasehold` command line (without the program's name) and returns its exit status. An
// error is one line on `err`. `terminal` says where `out` goes.
int RunCommandLine(std::vector<std::string> arguments, std::istream& in, std::ostream& out,
                   std::ostream& err, const std::function<Terminal()>& terminal);

}  // namespace leasehold::cli
