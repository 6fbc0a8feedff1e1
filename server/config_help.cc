#include "server/config_help.h"

#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "server/config.h"
#include "server/config_flags.h"

namespace leasehold {
namespace {

constexpr size_t kColumns = 90;

// Breaks a text into lines of at most kColumns, each indented.
std::string Wrap(const std::string& text, const std::string& indent) {
  std::string out;
  std::string line = indent;
  for (const std::string& word : std::vector<std::string>(absl::StrSplit(text, ' '))) {
    if (line.size() > indent.size() && line.size() + 1 + word.size() > kColumns) {
      out += line + "\n";
      line = indent;
    }
    if (line.size() > indent.size()) line += ' ';
    line += word;
  }
  return out + line + "\n";
}

std::string HelpOn(const Flag& flag) {
  std::vector<std::string> names = {"--" + flag.name};
  if (!flag.other_names.empty()) {
    names.push_back(absl::StrReplaceAll(flag.other_names, {{",", ", "}}));
  }
  if (!flag.milliseconds_name.empty()) names.push_back(flag.milliseconds_name);
  const std::string value = flag.placeholder.empty() ? "" : " " + flag.placeholder;
  const std::string shown = flag.show(Config());
  const bool has_default = !shown.empty() && !flag.placeholder.empty();
  const std::string by_default = has_default ? absl::StrFormat(" Default %s.", shown) : "";
  return absl::StrFormat("  %s%s\n", absl::StrJoin(names, ", "), value) +
         Wrap(flag.help + by_default, "      ");
}

}  // namespace

std::string Help() {
  std::string text =
      "leasehold-server: background jobs over gRPC, kept in PostgreSQL\n\n"
      "usage: leasehold-server (--database-url URL | --data-dir DIR | --ephemeral) [flags]\n";
  std::string group;
  for (const Flag& flag : Flags()) {
    if (flag.group != group) text += absl::StrFormat("\n%s\n", flag.group);
    group = flag.group;
    text += HelpOn(flag);
  }
  return text +
         "\nOther\n"
         "  --help, -h\n      Print this and exit.\n"
         "  --version\n      Print the version and exit.\n"
         "  --config PATH\n" +
         Wrap(
             "A TOML file with values for flags; LEASEHOLD_CONFIG in the environment names it too.",
             "      ") +
         "  --print-config\n" +
         Wrap("Print what would be used and where it comes from, passwords hidden, and exit.",
              "      ") +
         "  --check-config\n" +
         Wrap(
             "The same, after everything was checked that needs no database; exit with 2 if a "
             "server would not start with it.",
             "      ") +
         "\n" +
         Wrap(
             "Each flag can also be set in the environment, --drain-timeout as "
             "LEASEHOLD_DRAIN_TIMEOUT, and in the file of --config, as drain-timeout = \"20s\", "
             "with "
             "dashes or underscores, at the top or in the table of its heading, as in [process]. "
             "The command line goes before the environment, that before the file. Each value can "
             "also come from a file of its own: --database-url-file PATH, "
             "LEASEHOLD_DATABASE_URL_FILE, or database-url-file = \"PATH\". Durations are written "
             "like 500ms, 30s or 5m, sizes like 64KiB or 1MiB.",
             "");
}

}  // namespace leasehold
