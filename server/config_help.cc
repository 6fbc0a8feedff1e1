#include "server/config_help.h"

#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "server/config.h"
#include "server/config_flags.h"

namespace leasehold {
namespace {

std::string HelpLine(const Flag& flag) {
  std::vector<std::string> names = {"--" + flag.name};
  if (!flag.other_names.empty())
    names.push_back(absl::StrReplaceAll(flag.other_names, {{",", ", "}}));
  if (!flag.milliseconds_name.empty()) names.push_back(flag.milliseconds_name);
  const std::string value = flag.placeholder.empty() ? "" : " " + flag.placeholder;
  const std::string shown = flag.show(Config());
  const std::string by_default = shown.empty() ? "" : absl::StrFormat(" Default %s.", shown);
  return absl::StrFormat("  %s%s\n      %s%s\n", absl::StrJoin(names, ", "), value, flag.help,
                         by_default);
}

}  // namespace

std::string Help() {
  std::string text =
      "leasehold-server: background jobs over gRPC, kept in PostgreSQL\n\n"
      "usage: leasehold-server (--database-url URL | --data-dir DIR) [flags]\n";
  std::string group;
  for (const Flag& flag : Flags()) {
    if (flag.group != group) text += absl::StrFormat("\n%s\n", flag.group);
    group = flag.group;
    text += HelpLine(flag);
  }
  return text +
         "\nOther\n"
         "  --help, -h\n      Print this and exit.\n"
         "  --version\n      Print the version and exit.\n"
         "  --print-config\n      Print what would be used and where it comes from, passwords "
         "hidden, and exit.\n"
         "\nEach flag can also be set in the environment: --drain-timeout as "
         "LEASEHOLD_DRAIN_TIMEOUT;\na flag on the command line goes before it. Each value can also "
         "come from a file:\n--database-url-file PATH, or LEASEHOLD_DATABASE_URL_FILE. Durations "
         "are written like\n500ms, 30s or 5m, sizes like 64KiB or 1MiB.\n";
}

}  // namespace leasehold
