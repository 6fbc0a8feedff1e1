#include "client/cli/cli.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/server_backend.h"
#include "client/cli/text.h"
#include "client/cli/values.h"
#include "client/cpp/client.h"
#include "server/version.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    "These options go before or after the command. `leasehold COMMAND --help` says more.\n"
    "Exit status: 0 done, 1 the server said no or cannot be reached, 2 the command line is wrong.";

// An option's value is named once; what excludes what is told when it matters.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(28);
    label("SUBCOMMAND", "COMMAND");
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    const bool named = option->nonpositional() && option->get_type_size() != 0;
    return named ? " " + option->get_type_name() : "";
  }
};

void DefineEverything(CLI::App& app, Session& session, Action& action) {
  app.formatter(std::make_shared<HelpFormatter>());
  app.add_option("--server", session.client.address,
                 "The server's address, also LEASEHOLD_SERVER [127.0.0.1:7411]")
      ->envname("LEASEHOLD_SERVER")
      ->type_name("ADDRESS");
  AddParsedOption(app, "--timeout", session.client.deadline, ParseDuration,
                  "How long to try to reach it (not for work) [10s]")
      ->type_name("DURATION");
  app.add_flag("--json", session.json, "Print JSON: one document; work logs one object a line");
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", std::string("leasehold ") + kVersion, "Print the version");
  app.require_subcommand(1);
  DefineAdd(app, action);
  DefineList(app, action);
  DefineShow(app, action);
  DefineRemove(app, action);
  DefineStats(app, action);
  DefineServers(app, action);
  DefineWork(app, action);
  // Last, so that the commands do not inherit it.
  app.footer(kFooter);
}

// The first word, where a command should stand; empty if there is none.
std::string UnknownCommand(const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining();
  const auto word = std::find_if(rest.begin(), rest.end(),
                                 [](const std::string& arg) { return !arg.starts_with('-'); });
  return word == rest.end() || !app.get_subcommands().empty() ? "" : *word;
}

int UsageError(const CLI::App& app, const CLI::Error& error, std::ostream& err) {
  const std::vector<CLI::App*> commands = app.get_subcommands();
  const std::string command =
      commands.empty() ? "leasehold" : "leasehold " + commands.front()->get_name();
  std::string message = error.what();
  if (const std::string unknown = UnknownCommand(app); !unknown.empty()) {
    message = absl::StrFormat("there is no command \"%s\"", unknown);
  }
  err << absl::StrFormat("leasehold: %s (see %s --help)\n", Printable(message), command);
  return kExitUsage;
}

}  // namespace

int RunCommandLine(std::vector<std::string> arguments, std::istream& in, std::ostream& out,
                   std::ostream& err, size_t width) {
  Session session = {
      .client = {}, .open_backend = {}, .width = width, .in = in, .out = out, .err = err};
  session.open_backend = [&session] { return std::make_unique<ServerBackend>(session.client); };
  Action action;
  CLI::App app("Runs and looks after background jobs.", "leasehold");
  DefineEverything(app, session, action);
  if (arguments.empty()) {
    err << app.help();
    return kExitUsage;
  }
  try {
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::Success& asked) {
    // Help and the version.
    return app.exit(asked, out, err);
  } catch (const CLI::Error& error) {
    return UsageError(app, error, err);
  }
  const absl::Status status = action(session);
  out.flush();
  if (status.ok() && out) return kExitOk;
  err << absl::StrFormat("leasehold: %s\n", status.ok() ? "cannot write the output"
                                                        : Printable(std::string(status.message())));
  return kExitError;
}

}  // namespace leasehold::cli
