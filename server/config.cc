#include "server/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "server/config_flags.h"
#include "server/config_help.h"
#include "server/config_rules.h"
#include "server/version.h"

namespace leasehold {
namespace {

constexpr size_t kValueFileLimit = 64 * 1024;

// A value as somebody wrote it, and where.
struct Given {
  std::string text;
  std::string origin;
};

// What the command line says about one flag.
struct Spelled {
  std::optional<std::string> value;
  std::optional<std::string> file;
  std::optional<std::string> milliseconds;
};

std::string EnvName(const std::string& flag) {
  return "LEASEHOLD_" + absl::AsciiStrToUpper(absl::StrReplaceAll(flag, {{"-", "_"}}));
}

// Reads one command line: collects what the flags say, resolves each against the environment and
// files, and keeps all faults it meets.
class CommandLine {
 public:
  CommandLine(const EnvLookup& env, const FileReader& read_file)
      : env_(env), read_file_(read_file), spelled_(Flags().size()) {}

  void Read(const std::vector<std::string>& args);
  bool help() const { return help_; }
  bool version() const { return version_; }
  bool print_config() const { return print_config_; }

  Config Resolve();
  std::string Print(const Config& config) const;
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  void ReportUnknown(const std::vector<std::string>& rest);
  std::optional<Given> FromFlag(const Flag& flag, const Spelled& spelled);
  std::optional<Given> FromEnvironment(const Flag& flag);
  std::optional<Given> FromFile(const std::string& origin, const std::string& path);
  std::optional<std::string> Env(const std::string& name) const;
  void Fault(const Flag& flag, std::string text);

  const EnvLookup& env_;
  const FileReader& read_file_;
  std::vector<Spelled> spelled_;  // in the order of Flags()
  std::vector<std::string> origins_;
  std::set<std::string> bad_flags_;
  std::vector<std::string> faults_;
  bool help_ = false;
  bool version_ = false;
  bool print_config_ = false;
};

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

void CommandLine::Read(const std::vector<std::string>& args) {
  CLI::App app;
  app.allow_extras();
  app.set_help_flag();
  app.add_flag("-h,--help", help_);
  app.add_flag("--version", version_);
  app.add_flag("--print-config", print_config_);
  for (size_t i = 0; i < spelled_.size(); ++i) {
    const Flag& flag = Flags()[i];
    const std::string more = flag.other_names.empty() ? "" : "," + flag.other_names;
    AddOption(app, "--" + flag.name + more, spelled_[i].value);
    if (!flag.is_switch) AddOption(app, "--" + flag.name + "-file", spelled_[i].file);
    if (!flag.milliseconds_name.empty()) {
      AddOption(app, flag.milliseconds_name, spelled_[i].milliseconds);
    }
  }
  std::vector<std::string> reversed(args.rbegin(), args.rend());  // as CLI11 wants them
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    faults_.push_back(error.what());
  }
  ReportUnknown(app.remaining());
}

void CommandLine::ReportUnknown(const std::vector<std::string>& rest) {
  bool after_flag = false;
  for (const std::string& arg : rest) {
    const bool is_flag = arg.size() > 1 && arg[0] == '-';
    if (is_flag) {
      faults_.push_back(
          absl::StrFormat("unknown flag %s: see --help", arg.substr(0, arg.find('='))));
    } else if (!after_flag) {  // else it is that flag's value
      faults_.push_back(absl::StrFormat("unexpected argument \"%s\": see --help", arg));
    }
    after_flag = is_flag;
  }
}

void CommandLine::Fault(const Flag& flag, std::string text) {
  bad_flags_.insert(flag.name);
  faults_.push_back(std::move(text));
}

std::optional<std::string> CommandLine::Env(const std::string& name) const {
  std::optional<std::string> value = env_(name);
  // Set to nothing is how compose files and shells say "not set".
  if (value.has_value() && value->empty()) value.reset();
  return value;
}

std::optional<Given> CommandLine::FromFile(const std::string& origin, const std::string& path) {
  absl::StatusOr<std::string> content = read_file_(path);
  if (!content.ok()) {
    faults_.push_back(absl::StrFormat("%s: %s", origin, std::string(content.status().message())));
    return std::nullopt;
  }
  absl::StripTrailingAsciiWhitespace(&*content);
  if (content->empty()) {
    faults_.push_back(absl::StrFormat("%s: file %s is empty", origin, path));
    return std::nullopt;
  }
  return Given{*std::move(content), absl::StrFormat("%s %s", origin, path)};
}

std::optional<Given> CommandLine::FromFlag(const Flag& flag, const Spelled& spelled) {
  const std::string name = "--" + flag.name;
  if (spelled.milliseconds.has_value() && spelled.value.has_value()) {
    Fault(flag, absl::StrFormat("%s is another name of %s: give one of them",
                                flag.milliseconds_name, name));
  } else if (spelled.file.has_value() && (spelled.value || spelled.milliseconds)) {
    Fault(flag, absl::StrFormat("both %s and %s-file are given: give one of them", name, name));
  } else if (spelled.file.has_value()) {
    std::optional<Given> given = FromFile(name + "-file", *spelled.file);
    if (!given.has_value()) bad_flags_.insert(flag.name);
    return given;
  } else if (spelled.milliseconds.has_value()) {
    const std::string& text = *spelled.milliseconds;
    const bool bare = !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
    return Given{bare ? text + "ms" : text, flag.milliseconds_name};
  } else if (spelled.value.has_value()) {
    return Given{*spelled.value, name};
  }
  return std::nullopt;
}

std::optional<Given> CommandLine::FromEnvironment(const Flag& flag) {
  const std::string name = EnvName(flag.name);
  const std::optional<std::string> value = Env(name);
  const std::optional<std::string> file = Env(name + "_FILE");
  if (value.has_value() && file.has_value()) {
    Fault(flag, absl::StrFormat("both %s and %s_FILE are set: unset one of them", name, name));
    return std::nullopt;
  }
  if (file.has_value()) {
    std::optional<Given> given = FromFile(name + "_FILE", *file);
    if (!given.has_value()) bad_flags_.insert(flag.name);
    return given;
  }
  if (value.has_value()) return Given{*value, name};
  if (flag.name == "database-url") {
    if (const auto fallback = Env("DATABASE_URL")) return Given{*fallback, "DATABASE_URL"};
  }
  return std::nullopt;
}

Config CommandLine::Resolve() {
  Config config;
  origins_.clear();
  for (size_t i = 0; i < Flags().size(); ++i) {
    const Flag& flag = Flags()[i];
    std::optional<Given> given = FromFlag(flag, spelled_[i]);
    if (!given.has_value() && !bad_flags_.contains(flag.name)) given = FromEnvironment(flag);
    origins_.push_back(given.has_value() ? given->origin : "default");
    if (!given.has_value()) continue;
    if (given->text.empty() && !flag.is_switch) {
      Fault(flag, absl::StrFormat("%s needs a value: %s", given->origin, flag.placeholder));
    } else if (absl::Status status = flag.set(given->text, config); !status.ok()) {
      Fault(flag, absl::StrFormat("%s: %s", given->origin, std::string(status.message())));
    }
  }
  for (Contradiction& contradiction : FindContradictions(config)) {
    const auto is_bad = [&](const std::string& flag) { return bad_flags_.contains(flag); };
    // What was misread may not contradict anything once it is mended.
    if (std::any_of(contradiction.flags.begin(), contradiction.flags.end(), is_bad)) continue;
    faults_.push_back(std::move(contradiction.text));
  }
  return config;
}

std::string CommandLine::Print(const Config& config) const {
  std::string text;
  for (size_t i = 0; i < Flags().size(); ++i) {
    const std::string line = absl::StrFormat("%s = %s", Flags()[i].name, Flags()[i].show(config));
    text += absl::StrFormat("%-48s # %s\n", line, origins_[i]);
  }
  return text;
}

}  // namespace

absl::StatusOr<ParsedArgs> ParseConfig(const std::vector<std::string>& args, const EnvLookup& env,
                                       const FileReader& read_file) {
  CommandLine line(env, read_file);
  line.Read(args);
  ParsedArgs parsed;
  if (line.help() || line.version()) {
    parsed.print_and_exit =
        line.help() ? Help() : absl::StrFormat("leasehold-server %s\n", kVersion);
    return parsed;
  }
  parsed.config = line.Resolve();
  if (!line.faults().empty()) {
    return absl::InvalidArgumentError(absl::StrJoin(line.faults(), "\n"));
  }
  if (line.print_config()) parsed.print_and_exit = line.Print(parsed.config);
  return parsed;
}

absl::StatusOr<std::string> ReadValueFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(kValueFileLimit + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrFormat("file %s cannot be read", path));
  }
  content.resize(static_cast<size_t>(file.gcount()));
  if (content.size() > kValueFileLimit) {
    return absl::InvalidArgumentError(
        absl::StrFormat("file %s is larger than 64KiB: it should hold one value", path));
  }
  return content;
}

}  // namespace leasehold
