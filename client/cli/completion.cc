#include <string>

#include "client/cli/command.h"
#include "client/cli/completion_scripts.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(Load it in the file that your shell reads when it starts:
  bash   source <(leasehold completion bash)
  zsh    source <(leasehold completion zsh)       (after compinit)
  fish   leasehold completion fish | source)";

struct CompletionOptions {
  const CLI::App* app = nullptr;
  std::string shell;
};

void DefineOptions(CLI::App& command, CompletionOptions& options) {
  options.app = command.get_parent();
  command.add_option("SHELL", options.shell, "bash, zsh or fish")
      ->type_name("bash|zsh|fish")
      ->required();
}

absl::Status Run(const CompletionOptions& options, Session& session) {
  const CompletionWords words = WordsOf(*options.app);
  if (options.shell == "bash") {
    session.out << BashCompletion(words);
  } else if (options.shell == "zsh") {
    session.out << ZshCompletion(words);
  } else if (options.shell == "fish") {
    session.out << FishCompletion(words);
  } else {
    throw CLI::ValidationError("SHELL", "\"" + options.shell + "\" is not one of bash, zsh, fish");
  }
  return absl::OkStatus();
}

}  // namespace

void DefineCompletion(CLI::App& app, Action& action) {
  DefineCommand<CompletionOptions>(app, action, "completion",
                                   "Print a script that makes a shell complete leasehold",
                                   DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
