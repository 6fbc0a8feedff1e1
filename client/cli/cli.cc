#include "client/cli/cli.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/database_backend.h"
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
    if (!option->nonpositional() || option->get_type_size() == 0) return "";
    // Behind the colon stands what CLI11 makes of the checks.
    const std::string type = option->get_type_name();
    const std::string name = type.substr(0, type.find(':'));
    return name.starts_with('[') ? name : " " + name;
  }

  std::string make_footer(const CLI::App* app) const override {
    const std::string footer = CLI::Formatter::make_footer(app);
    if (app->get_parent() == nullptr) return footer;
    return footer + (footer.empty() ? "" : "\n") +
           "leasehold --help shows the options of all commands: --server, --database-url, "
           "--timeout, --output.\n";
  }
};

// What is known once all of the command line has been parsed.
struct Globals {
  bool json = false;
  std::optional<Format> output;
};

absl::StatusOr<Format> ParseFormat(const std::string& text) {
  if (text == "table") return Format::kTable;
  if (text == "json") return Format::kJson;
  if (text == "yaml") return Format::kYaml;
  return absl::InvalidArgumentError(
      absl::StrFormat("\"%s\" is not one of table, json, yaml", text));
}

Format FormatOf(const Globals& globals) {
  if (!globals.json) return globals.output.value_or(Format::kTable);
  if (globals.output.value_or(Format::kJson) != Format::kJson) {
    throw CLI::ValidationError("--json", "says -o json, --output something else");
  }
  return Format::kJson;
}

void DefineEverything(CLI::App& app, Session& session, Globals& globals, Action& action) {
  app.formatter(std::make_shared<HelpFormatter>());
  app.add_option("--server", session.client.address,
                 "The server's address, also LEASEHOLD_SERVER [127.0.0.1:7411]")
      ->envname("LEASEHOLD_SERVER")
      ->type_name("ADDRESS");
  app.add_option("--database-url", session.database_url,
                 "Work on the database itself, without a server")
      ->type_name("URL");
  app.add_option(
         "--schema", session.schema,
         "Ours in that database, also LEASEHOLD_SCHEMA [leasehold]; alone, with DATABASE_URL")
      ->type_name("NAME");
  app.add_option("--max-connections", session.max_connections,
                 "Accepted: the command needs one connection, whatever it says")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  AddParsedOption(app, "--timeout", session.client.deadline, ParseDuration,
                  "How long to try to reach it (not for work) [10s]")
      ->type_name("DURATION");
  AddParsedOption(app, "-o,--output", globals.output, ParseFormat,
                  "One document, or a table for people [table]")
      ->type_name("table|json|yaml");
  app.add_flag("--json", globals.json, "As -o json; work logs one object a line");
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", std::string("leasehold ") + kVersion, "Print the version");
  app.require_subcommand(1);
  DefineAdd(app, action);
  DefineList(app, action);
  DefineShow(app, action);
  DefineComplete(app, action);
  DefineFail(app, action);
  DefineReschedule(app, action);
  DefineRemove(app, action);
  DefineCleanup(app, action);
  DefineForceUnlock(app, action);
  DefineStats(app, action);
  DefineQueues(app, action);
  DefineTasks(app, action);
  DefineWorkers(app, action);
  DefineSweep(app, action);
  DefineServers(app, action);
  DefineCron(app, action);
  DefineWork(app, action);
  DefineAdvanceClock(app, action);
  DefineCompletion(app, action);
  DefineMigrate(app, action);
  DefineImport(app, action);
  // Last, so that the commands do not inherit it.
  app.footer(kFooter);
}

// The first word, where a command of `parent` should stand; empty if there is none.
std::string UnknownCommand(const CLI::App& app, const CLI::App& parent) {
  if (parent.get_subcommands({}).empty()) return "";
  const std::vector<std::string> rest = app.remaining(true);
  const auto word = std::find_if(rest.begin(), rest.end(),
                                 [](const std::string& arg) { return !arg.starts_with('-'); });
  return word == rest.end() ? "" : *word;
}

int UsageError(const CLI::App& app, const CLI::Error& error, std::ostream& err) {
  std::string path;
  const CLI::App* last = &app;
  while (!last->get_subcommands().empty()) {
    last = last->get_subcommands().front();
    path += last->get_name() + ' ';
  }
  std::string message = error.what();
  if (const std::string unknown = UnknownCommand(app, *last); !unknown.empty()) {
    message = absl::StrFormat("there is no command \"%s%s\"", path, unknown);
  }
  err << absl::StrFormat("leasehold: %s (see leasehold %s--help)\n", Printable(message), path);
  return kExitUsage;
}

}  // namespace

int RunCommandLine(std::vector<std::string> arguments, std::istream& in, std::ostream& out,
                   std::ostream& err, const std::function<Terminal()>& terminal) {
  Session session = {
      .client = {}, .open_backend = {}, .terminal = terminal, .in = in, .out = out, .err = err};
  session.open_backend = [&session]() -> absl::StatusOr<std::unique_ptr<Backend>> {
    if (!session.database_url.empty()) {
      return DatabaseBackend::Open(session.database_url, SchemaName(session));
    }
    if (session.schema.empty()) return std::make_unique<ServerBackend>(session.client);
    // A server serves the schema that it was started with.
    return DatabaseBackend::Open(DatabaseUrl(session), session.schema);
  };
  Globals globals;
  Action action;
  CLI::App app("Runs and looks after background jobs.", "leasehold");
  DefineEverything(app, session, globals, action);
  if (arguments.empty()) {
    err << app.help();
    return kExitUsage;
  }
  absl::Status status;
  try {
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
    session.format = FormatOf(globals);
    status = action(session);
  } catch (const CLI::Success& asked) {
    // Help and the version.
    return app.exit(asked, out, err);
  } catch (const CLI::Error& error) {
    return UsageError(app, error, err);
  }
  out.flush();
  if (status.ok() && out) return kExitOk;
  err << absl::StrFormat("leasehold: %s\n", status.ok() ? "cannot write the output"
                                                        : Printable(std::string(status.message())));
  return kExitError;
}

}  // namespace leasehold::cli
