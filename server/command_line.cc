#include "server/command_line.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_format.h"
#include "server/config_flags.h"

namespace leasehold {
namespace {

// The value is optional for CLI11, so that a flag without one is a fault among others.
void AddOption(CLI::App& app, const std::string& names, std::optional<std::string>& value) {
  app.add_option(names,
                 [&value](const CLI::results_t& results) {
                   value = results.back();
                   return true;
                 })
      ->expected(0, 1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void ReportUnknown(const std::vector<std::string>& rest, std::vector<std::string>& faults) {
  bool after_flag = false;
  for (const std::string& arg : rest) {
    const bool is_flag = arg.size() > 1 && arg[0] == '-';
    if (is_flag) {
      faults.push_back(
          absl::StrFormat("unknown flag %s: see --help", arg.substr(0, arg.find('='))));
    } else if (!after_flag) {  // else it is that flag's value
      faults.push_back(absl::StrFormat("unexpected argument \"%s\": see --help", arg));
    }
    after_flag = is_flag;
  }
}

}  // namespace

CommandLine ReadCommandLine(const std::vector<std::string>& args) {
  CommandLine line;
  line.spelled.resize(Flags().size());
  CLI::App app;
  app.allow_extras();
  app.set_help_flag();
  app.add_flag("-h,--help", line.help);
  app.add_flag("--version", line.version);
  app.add_flag("--print-config", line.print_config);
  app.add_flag("--check-config", line.check_config);
  AddOption(app, "--config", line.config);
  for (size_t i = 0; i < line.spelled.size(); ++i) {
    const Flag& flag = Flags()[i];
    Spelled& spelled = line.spelled[i];
    const std::string more = flag.other_names.empty() ? "" : "," + flag.other_names;
    AddOption(app, "--" + flag.name + more, spelled.value);
    if (!flag.is_switch()) AddOption(app, "--" + flag.name + "-file", spelled.file);
    if (!flag.milliseconds_name.empty()) {
      AddOption(app, flag.milliseconds_name, spelled.milliseconds);
    }
  }
  std::vector<std::string> reversed(args.rbegin(), args.rend());  // as CLI11 wants them
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    line.faults.push_back(error.what());
  }
  ReportUnknown(app.remaining(), line.faults);
  return line;
}

}  // namespace leasehold
