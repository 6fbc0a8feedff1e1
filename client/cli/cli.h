#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <vector>

namespace leasehold::cli {

// The exit statuses of `leasehold`.
inline constexpr int kExitOk = 0;
// The server said no, or could not be asked.
inline constexpr int kExitError = 1;
// The command line is wrong.
inline constexpr int kExitUsage = 2;

// Runs one `leasehold` command line (without the program's name) and returns its exit status. An
// error is one line on `err`. `width` as in Session.
int RunCommandLine(std::vector<std::string> arguments, std::istream& in, std::ostream& out,
                   std::ostream& err, size_t width);

}  // namespace leasehold::cli
