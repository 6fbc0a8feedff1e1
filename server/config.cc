#include "server/config.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "server/command_line.h"
#include "server/config_file.h"
#include "server/config_flags.h"
#include "server/config_help.h"
#include "server/config_rules.h"
#include "server/redact.h"
#include "server/version.h"

namespace leasehold {
namespace {

constexpr size_t kValueFileLimit = 64 * 1024;

// A value as somebody wrote it, and where.
struct Given {
  std::string text;
  std::string origin;
};

std::string EnvName(const std::string& flag) {
  return "LEASEHOLD_" + absl::AsciiStrToUpper(absl::StrReplaceAll(flag, {{"-", "_"}}));
}

// Resolves each flag against the command line, the environment and the configuration file, in this
// order, and keeps all faults it meets.
class Resolver {
 public:
  Resolver(CommandLine line, const EnvLookup& env, const FileReader& read_file)
      : line_(std::move(line)), env_(env), read_file_(read_file), faults_(line_.faults) {}

  // The configuration file, if one is named. First of all.
  void ReadFile();
  Config Resolve();
  std::string Print(const Config& config) const;
  // The configuration file, if it holds a password that counts.
  std::string SecretFile(const Config& config) const;
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  std::optional<Given> Find(size_t index);
  std::optional<Given> FromFlag(const Flag& flag, const Spelled& spelled);
  std::optional<Given> FromEnvironment(const Flag& flag);
  std::optional<Given> FromConfigFile(size_t index);
  std::optional<Given> FromFile(const Flag& flag, const std::string& origin,
                                const std::string& path);
  std::optional<std::string> Env(const std::string& name) const;
  void FindContradictions(const Config& config);
  std::string Origins(const std::vector<std::string>& flags) const;
  void Fault(const Flag& flag, std::string text);

  const CommandLine line_;
  const EnvLookup& env_;
  const FileReader& read_file_;
  std::string config_path_;
  ConfigFile file_;
  std::map<std::string, std::string> origins_;  // of the values that are no defaults, by flag
  std::set<std::string> bad_flags_;
  std::vector<std::string> faults_;
};

void Resolver::Fault(const Flag& flag, std::string text) {
  bad_flags_.insert(flag.name);
  faults_.push_back(std::move(text));
}

std::optional<std::string> Resolver::Env(const std::string& name) const {
  std::optional<std::string> value = env_(name);
  // Set to nothing is how compose files and shells say "not set".
  if (value.has_value() && value->empty()) value.reset();
  return value;
}

void Resolver::ReadFile() {
  std::string origin = "--config";
  std::optional<std::string> path = line_.config;
  if (!path.has_value()) {
    path = Env("LEASEHOLD_CONFIG");
    origin = "LEASEHOLD_CONFIG";
  }
  file_.values.resize(Flags().size());
  file_.paths.resize(Flags().size());
  file_.bad.resize(Flags().size());
  if (!path.has_value()) return;
  file_.readable = false;
  if (path->empty()) return faults_.push_back("--config needs a value: PATH");
  const absl::StatusOr<std::string> content = read_file_(*path);
  if (!content.ok()) {
    return faults_.push_back(
        absl::StrFormat("%s: %s", origin, std::string(content.status().message())));
  }
  config_path_ = *path;
  file_ = ReadConfigFile(*path, *content);
  faults_.insert(faults_.end(), file_.faults.begin(), file_.faults.end());
}

std::optional<Given> Resolver::FromFile(const Flag& flag, const std::string& origin,
                                        const std::string& path) {
  absl::StatusOr<std::string> content = read_file_(path);
  if (!content.ok()) {
    Fault(flag, absl::StrFormat("%s: %s", origin, std::string(content.status().message())));
    return std::nullopt;
  }
  absl::StripTrailingAsciiWhitespace(&*content);
  if (content->empty()) {
    Fault(flag, absl::StrFormat("%s: file %s is empty", origin, path));
    return std::nullopt;
  }
  return Given{*std::move(content), absl::StrFormat("%s %s", origin, path)};
}

std::optional<Given> Resolver::FromFlag(const Flag& flag, const Spelled& spelled) {
  const std::string name = "--" + flag.name;
  if (spelled.milliseconds.has_value() && spelled.value.has_value()) {
    Fault(flag, absl::StrFormat("%s is another name of %s: give one of them",
                                flag.milliseconds_name, name));
  } else if (spelled.file.has_value() && (spelled.value || spelled.milliseconds)) {
    Fault(flag, absl::StrFormat("both %s and %s-file are given: give one of them", name, name));
  } else if (spelled.file.has_value()) {
    return FromFile(flag, name + "-file", *spelled.file);
  } else if (spelled.milliseconds.has_value()) {
    const std::string& text = *spelled.milliseconds;
    const bool bare = !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
    return Given{bare ? text + "ms" : text, flag.milliseconds_name};
  } else if (spelled.value.has_value()) {
    return Given{*spelled.value, name};
  }
  return std::nullopt;
}

std::optional<Given> Resolver::FromEnvironment(const Flag& flag) {
  const std::string name = EnvName(flag.name);
  const std::optional<std::string> value = Env(name);
  const std::optional<std::string> file = Env(name + "_FILE");
  if (value.has_value() && file.has_value()) {
    Fault(flag, absl::StrFormat("both %s and %s_FILE are set: unset one of them", name, name));
    return std::nullopt;
  }
  if (file.has_value()) return FromFile(flag, name + "_FILE", *file);
  if (value.has_value()) return Given{*value, name};
  if (flag.name == "database-url") {
    if (const auto fallback = Env("DATABASE_URL")) return Given{*fallback, "DATABASE_URL"};
  }
  return std::nullopt;
}

std::optional<Given> Resolver::FromConfigFile(size_t index) {
  if (file_.bad[index]) return std::nullopt;
  if (const auto& value = file_.values[index]) return Given{value->text, value->origin};
  if (const auto& path = file_.paths[index]) {
    return FromFile(Flags()[index], path->origin, path->text);
  }
  return std::nullopt;
}

std::optional<Given> Resolver::Find(size_t index) {
  const Flag& flag = Flags()[index];
  std::optional<Given> given = FromFlag(flag, line_.spelled[index]);
  // Where one place is at fault, the next must not hide it.
  if (!given.has_value() && !bad_flags_.contains(flag.name)) given = FromEnvironment(flag);
  if (!given.has_value() && !bad_flags_.contains(flag.name)) given = FromConfigFile(index);
  if (file_.bad[index]) bad_flags_.insert(flag.name);
  return given;
}

Config Resolver::Resolve() {
  Config config;
  for (size_t i = 0; i < Flags().size(); ++i) {
    const Flag& flag = Flags()[i];
    const std::optional<Given> given = Find(i);
    if (!given.has_value()) continue;
    origins_[flag.name] = given->origin;
    if (given->text.empty() && !flag.is_switch()) {
      Fault(flag, absl::StrFormat("%s needs a value: %s", given->origin, flag.placeholder));
    } else if (absl::Status status = flag.set(given->text, config); !status.ok()) {
      Fault(flag, absl::StrFormat("%s: %s", given->origin, std::string(status.message())));
    }
  }
  // What a file would have said that cannot be read is not known.
  if (file_.readable) FindContradictions(config);
  return config;
}

void Resolver::FindContradictions(const Config& config) {
  for (Contradiction& contradiction : leasehold::FindContradictions(config)) {
    const auto is_bad = [&](const std::string& flag) { return bad_flags_.contains(flag); };
    // What was misread may not contradict anything once it is mended.
    if (std::any_of(contradiction.flags.begin(), contradiction.flags.end(), is_bad)) continue;
    faults_.push_back(contradiction.text + Origins(contradiction.flags));
  }
}

// " (--schema stands in FILE:3)" for those of the flags that a configuration file sets.
std::string Resolver::Origins(const std::vector<std::string>& flags) const {
  std::vector<std::string> found;
  for (const std::string& flag : flags) {
    const auto origin = origins_.find(flag);
    if (config_path_.empty() || origin == origins_.end()) continue;
    if (!origin->second.starts_with(config_path_ + ":")) continue;
    found.push_back(absl::StrFormat("--%s stands in %s", flag, origin->second));
  }
  return found.empty() ? "" : absl::StrFormat(" (%s)", absl::StrJoin(found, ", "));
}

std::string Resolver::Print(const Config& config) const {
  std::string text;
  for (const Flag& flag : Flags()) {
    const auto origin = origins_.find(flag.name);
    const std::string line = absl::StrFormat("%s = %s", flag.name, flag.show(config));
    text += absl::StrFormat("%-48s # %s\n", line,
                            origin == origins_.end() ? "default" : origin->second);
  }
  return text;
}

std::string Resolver::SecretFile(const Config& config) const {
  const auto origin = origins_.find("database-url");
  if (origin == origins_.end() || RedactPasswords(config.database_url) == config.database_url) {
    return "";
  }
  // One that stands in a file of its own has that file's path in its origin as well.
  const auto holds = [&origin](const std::optional<FileValue>& value) {
    return value.has_value() && value->origin == origin->second;
  };
  return std::any_of(file_.values.begin(), file_.values.end(), holds) ? config_path_ : "";
}

}  // namespace

absl::StatusOr<ParsedArgs> ParseConfig(const std::vector<std::string>& args, const EnvLookup& env,
                                       const FileReader& read_file) {
  const CommandLine line = ReadCommandLine(args);
  ParsedArgs parsed;
  if (line.help || line.version) {
    parsed.print_and_exit = line.help ? Help() : absl::StrFormat("leasehold-server %s\n", kVersion);
    return parsed;
  }
  Resolver resolver(line, env, read_file);
  resolver.ReadFile();
  parsed.config = resolver.Resolve();
  if (!resolver.faults().empty()) {
    return absl::InvalidArgumentError(absl::StrJoin(resolver.faults(), "\n"));
  }
  parsed.secret_file = resolver.SecretFile(parsed.config);
  parsed.check = line.check_config;
  if (line.print_config || line.check_config) parsed.print_and_exit = resolver.Print(parsed.config);
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
    return absl::InvalidArgumentError(absl::StrFormat("file %s is larger than 64KiB", path));
  }
  return content;
}

}  // namespace leasehold
