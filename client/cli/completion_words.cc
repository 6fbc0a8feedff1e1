#include "client/cli/completion_words.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"

namespace leasehold::cli {
namespace {

// Without what CLI11 adds for the checks.
std::string TypeName(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

std::vector<std::string> ChoicesOf(const std::string& type) {
  if (type.find('|') == std::string::npos) return {};
  return absl::StrSplit(type, '|');
}

OptionWords WordsOf(const CLI::Option& option) {
  OptionWords words{.description = option.get_description()};
  for (const std::string& name : option.get_lnames()) words.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) words.names.push_back("-" + name);
  if (option.get_items_expected_min() == 0) return words;
  words.value_name = TypeName(option);
  words.choices = ChoicesOf(words.value_name);
  words.kind = words.value_name == "FILE"  ? ValueKind::kFile
               : words.value_name == "DIR" ? ValueKind::kDirectory
               : words.choices.empty()     ? ValueKind::kAnything
                                           : ValueKind::kChoice;
  return words;
}

std::vector<OptionWords> OptionsOf(const CLI::App& app) {
  std::vector<OptionWords> options;
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) options.push_back(WordsOf(*option));
  }
  return options;
}

// A command that has commands of its own proposes their names, and the options of all of them.
void AddCommandsBelow(const CLI::App& app, CommandWords& command) {
  for (const CLI::App* below : app.get_subcommands({})) {
    command.choices.push_back(below->get_name());
    for (OptionWords& option : OptionsOf(*below)) {
      const bool known =
          std::any_of(command.options.begin(), command.options.end(),
                      [&](const OptionWords& other) { return other.names == option.names; });
      if (!known) command.options.push_back(std::move(option));
    }
  }
}

}  // namespace

CompletionWords WordsOf(const CLI::App& app) {
  CompletionWords words{.options = OptionsOf(app), .commands = {}};
  for (const CLI::App* app_of_command : app.get_subcommands({})) {
    CommandWords command{.names = {app_of_command->get_name()},
                         .description = app_of_command->get_description(),
                         .options = OptionsOf(*app_of_command),
                         .choices = {}};
    const std::vector<std::string>& aliases = app_of_command->get_aliases();
    command.names.insert(command.names.end(), aliases.begin(), aliases.end());
    for (const CLI::Option* option : app_of_command->get_options()) {
      if (option->get_positional()) command.choices = ChoicesOf(TypeName(*option));
    }
    AddCommandsBelow(*app_of_command, command);
    words.commands.push_back(std::move(command));
  }
  return words;
}

}  // namespace leasehold::cli
