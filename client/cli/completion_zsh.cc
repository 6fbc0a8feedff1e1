#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/completion_scripts.h"

namespace leasehold::cli {
namespace {

constexpr char kScript[] = R"(#compdef leasehold
# Completes leasehold in zsh. Load it with: source <(leasehold completion zsh)
_leasehold() {
  local curcontext=$curcontext state line
  local -a global commands
  global=(
@OPTIONS@  )
  commands=(
@COMMANDS@  )
  _arguments -C $global '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
@CASES@      esac
      ;;
  esac
}
if [[ $funcstack[1] == _leasehold ]]; then
  _leasehold "$@"
else
  compdef _leasehold leasehold
fi
)";

// Between single quotes.
std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

// In a specification of _arguments, where brackets and colons mean something.
std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string ValueOf(const OptionWords& option) {
  const std::string name = absl::StrCat(":", Escaped(option.value_name), ":");
  switch (option.kind) {
    case ValueKind::kChoice:
      return absl::StrCat(":value:(", absl::StrJoin(option.choices, " "), ")");
    case ValueKind::kFile:
      return name + "_files";
    case ValueKind::kDirectory:
      return name + "_files -/";
    case ValueKind::kAnything:
      return name;
    case ValueKind::kNone:
      break;
  }
  return "";
}

// "*": options may come again, and shells need not know which.
void AppendOptions(const std::vector<OptionWords>& options, const std::string& indent,
                   std::string& specifications) {
  for (const OptionWords& option : options) {
    for (const std::string& name : option.names) {
      absl::StrAppend(
          &specifications, indent,
          Quoted(absl::StrCat("*", name, "[", Escaped(option.description), "]", ValueOf(option))),
          "\n");
    }
  }
}

std::string CaseOf(const CommandWords& command) {
  std::string specifications;
  AppendOptions(command.options, "            ", specifications);
  // Without it, nothing would be completed behind an argument.
  const std::string proposal =
      command.choices.empty() ? "" : absl::StrCat("(", absl::StrJoin(command.choices, " "), ")");
  absl::StrAppend(&specifications, "            ", Quoted("*:argument:" + proposal), "\n");
  return absl::StrCat("        ", absl::StrJoin(command.names, " | "),
                      ")\n          local -a own\n          own=(\n", specifications,
                      "          )\n          _arguments $global $own\n          ;;\n");
}

}  // namespace

std::string ZshCompletion(const CompletionWords& words) {
  std::string options;
  AppendOptions(words.options, "    ", options);
  std::string commands;
  std::string cases;
  for (const CommandWords& command : words.commands) {
    for (const std::string& name : command.names) {
      absl::StrAppend(&commands, "    ",
                      Quoted(absl::StrCat(name, ":", Escaped(command.description))), "\n");
    }
    cases += CaseOf(command);
  }
  return absl::StrReplaceAll(
      kScript, {{"@OPTIONS@", options}, {"@COMMANDS@", commands}, {"@CASES@", cases}});
}

}  // namespace leasehold::cli
