#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/completion_scripts.h"

namespace leasehold::cli {
namespace {

constexpr char kScript[] =
    R"(# Completes leasehold in bash. Load it with: source <(leasehold completion bash)
_leasehold() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' options choices='' i
  COMPREPLY=()
  # To bash --option=value is three words.
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      @VALUED@)
        ((i++))
        if [[ ${COMP_WORDS[i]} == '=' ]]; then ((i++)); fi
        ;;
      -*) ;;
      *)
        command=${COMP_WORDS[i]}
        break
        ;;
    esac
  done
  options='@OPTIONS@'
  case $command in
    '') choices='@COMMANDS@' ;;
@CASES@  esac
  case $command,$previous in
@VALUES@  esac
  if [[ $current == -* ]]; then choices=$options; fi
  COMPREPLY=($(compgen -W "$choices" -- "$current"))
}
complete -F _leasehold leasehold
)";

std::string Names(const std::vector<OptionWords>& options) {
  std::vector<std::string> names;
  for (const OptionWords& option : options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return absl::StrJoin(names, " ");
}

std::string ValuedOptions(const std::vector<OptionWords>& options) {
  std::vector<std::string> names;
  for (const OptionWords& option : options) {
    if (option.kind == ValueKind::kNone) continue;
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return absl::StrJoin(names, " | ");
}

std::string Proposal(const OptionWords& option) {
  switch (option.kind) {
    case ValueKind::kChoice:
      return absl::StrCat("choices='", absl::StrJoin(option.choices, " "), "' ;;");
    case ValueKind::kFile:
    case ValueKind::kDirectory:
      return absl::StrCat("\n      compopt -o filenames 2>/dev/null\n      local IFS=$'\\n'\n",
                          "      COMPREPLY=($(compgen ",
                          option.kind == ValueKind::kFile ? "-f" : "-d",
                          " -- \"$current\"))\n      return\n      ;;");
    case ValueKind::kAnything:
    case ValueKind::kNone:
      break;
  }
  return "return ;;";
}

// What may follow each option; `commands` are those that have it.
void AppendValues(const std::vector<std::string>& commands, const std::vector<OptionWords>& options,
                  std::string& cases) {
  for (const OptionWords& option : options) {
    if (option.kind == ValueKind::kNone) continue;
    std::vector<std::string> patterns;
    for (const std::string& command : commands) {
      for (const std::string& name : option.names) patterns.push_back(command + "," + name);
    }
    absl::StrAppend(&cases, "    ", absl::StrJoin(patterns, " | "), ") ", Proposal(option), "\n");
  }
}

}  // namespace

std::string BashCompletion(const CompletionWords& words) {
  std::vector<std::string> commands;
  std::string cases;
  std::string values;
  AppendValues({"*"}, words.options, values);
  for (const CommandWords& command : words.commands) {
    commands.insert(commands.end(), command.names.begin(), command.names.end());
    absl::StrAppend(&cases, "    ", absl::StrJoin(command.names, " | "), ")\n      options+=' ",
                    Names(command.options), "'\n      choices='",
                    absl::StrJoin(command.choices, " "), "'\n      ;;\n");
    AppendValues(command.names, command.options, values);
  }
  return absl::StrReplaceAll(kScript, {{"@VALUED@", ValuedOptions(words.options)},
                                       {"@OPTIONS@", Names(words.options)},
                                       {"@COMMANDS@", absl::StrJoin(commands, " ")},
                                       {"@CASES@", cases},
                                       {"@VALUES@", values}});
}

}  // namespace leasehold::cli
