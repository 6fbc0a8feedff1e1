#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/completion_scripts.h"

namespace leasehold::cli {
namespace {

constexpr char kScript[] =
    R"(# Completes leasehold in fish. Load it with: leasehold completion fish | source
function __leasehold_command
    set -l is_value no
    for word in (commandline -opc)[2..-1]
        if test $is_value = yes
            set is_value no
            continue
        end
        switch $word
            case @VALUED@
                set is_value yes
            case '-*'
            case '*'
                echo $word
                return 0
        end
    end
    return 1
end
function __leasehold_is
    set -l command (__leasehold_command)
    and contains -- $command $argv
end
complete -c leasehold -f
)";

std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

std::string ValuedOptions(const std::vector<OptionWords>& options) {
  std::vector<std::string> names;
  for (const OptionWords& option : options) {
    if (option.kind == ValueKind::kNone) continue;
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return absl::StrJoin(names, " ");
}

std::string ValueOf(const OptionWords& option) {
  switch (option.kind) {
    case ValueKind::kChoice:
      return absl::StrCat(" -x -a ", Quoted(absl::StrJoin(option.choices, " ")));
    case ValueKind::kFile:
      return " -r -F";
    case ValueKind::kDirectory:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::kAnything:
      return " -x";
    case ValueKind::kNone:
      break;
  }
  return "";
}

std::string Line(const std::string& condition, const std::string& rest,
                 const std::string& description) {
  return absl::StrCat("complete -c leasehold", condition.empty() ? "" : " -n " + Quoted(condition),
                      rest, description.empty() ? "" : " -d " + Quoted(description), "\n");
}

void AppendOptions(const std::vector<OptionWords>& options, const std::string& condition,
                   std::string& script) {
  for (const OptionWords& option : options) {
    std::string names;
    for (const std::string& name : option.names) {
      const bool is_long = name.starts_with("--");
      absl::StrAppend(&names, is_long ? " -l " : " -s ", name.substr(is_long ? 2 : 1));
    }
    script += Line(condition, names + ValueOf(option), option.description);
  }
}

}  // namespace

std::string FishCompletion(const CompletionWords& words) {
  std::string script = absl::StrReplaceAll(kScript, {{"@VALUED@", ValuedOptions(words.options)}});
  AppendOptions(words.options, "", script);
  for (const CommandWords& command : words.commands) {
    for (const std::string& name : command.names) {
      script += Line("not __leasehold_command", " -a " + name, command.description);
    }
    const std::string is_command = "__leasehold_is " + absl::StrJoin(command.names, " ");
    AppendOptions(command.options, is_command, script);
    if (!command.choices.empty()) {
      script += Line(is_command, " -a " + Quoted(absl::StrJoin(command.choices, " ")), "");
    }
  }
  return script;
}

}  // namespace leasehold::cli
