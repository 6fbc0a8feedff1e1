#include "client/cli/crontab_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/cli/text.h"

namespace leasehold::cli {
namespace {

std::string NameOf(const std::string& file) { return file == "-" ? "standard input" : file; }

}  // namespace

void AddCrontabFile(CLI::App& command, std::string& file) {
  command.add_option("FILE", file, "The crontab; - is stdin")->type_name("FILE")->required();
}

absl::StatusOr<std::string> ReadCrontabFile(const std::string& file, std::istream& in) {
  std::ostringstream text;
  if (file == "-") {
    // Of an empty buffer nothing is put out, which is a failure to the stream.
    if (in.peek() != std::istream::traits_type::eof()) text << in.rdbuf();
    return text.str();
  }
  errno = 0;
  std::ifstream opened(file, std::ios::binary);
  const bool empty = opened.peek() == std::istream::traits_type::eof();
  if (!opened.is_open() || opened.bad() || errno != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("cannot read the crontab %s: %s", file, strerror(errno)));
  }
  if (!empty) text << opened.rdbuf();
  return text.str();
}

absl::Status FaultyCrontab(const std::vector<CrontabError>& errors, const std::string& file,
                           std::ostream& err) {
  std::vector<std::string> lines =
      absl::StrSplit(FormatErrors(errors, NameOf(file)), '\n', absl::SkipEmpty());
  for (const std::string& line : lines) err << Printable(line) << '\n';
  return absl::InvalidArgumentError(absl::StrFormat("%s has %d %s", NameOf(file), errors.size(),
                                                    errors.size() == 1 ? "fault" : "faults"));
}

}  // namespace leasehold::cli
