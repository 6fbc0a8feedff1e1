#pragma once

#include <functional>
#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/backend.h"
#include "client/cli/report.h"
#include "client/cpp/client.h"

namespace leasehold::cli {

// What every command is told, and where it reads and writes.
struct Session {
  // --server and --timeout.
  client::ClientOptions client;
  // --database-url and --schema, empty if not given. Without a URL a server is asked.
  std::string database_url = {};
  std::string schema = {};
  // --max-connections, for scripts written for graphile_worker_rs: nothing goes by it.
  int max_connections = 5;
  // Where the queue is; asked once by a command.
  BackendFactory open_backend;
  // -o, --output, --json.
  Format format = Format::kTable;
  // Where `out` goes, now.
  std::function<Terminal()> terminal;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

// What a command does once its arguments have been parsed. An error is said by the caller; a
// CLI::Error that it throws is an error of usage.
using Action = std::function<absl::Status(Session&)>;

// Each adds a command (or several that are alike) to `app`, and sets `action` when the command line
// names it.
void DefineAdd(CLI::App& app, Action& action);
void DefineList(CLI::App& app, Action& action);
void DefineShow(CLI::App& app, Action& action);
void DefineComplete(CLI::App& app, Action& action);
void DefineFail(CLI::App& app, Action& action);
void DefineReschedule(CLI::App& app, Action& action);
void DefineRemove(CLI::App& app, Action& action);
void DefineCleanup(CLI::App& app, Action& action);
void DefineForceUnlock(CLI::App& app, Action& action);
void DefineStats(CLI::App& app, Action& action);
void DefineQueues(CLI::App& app, Action& action);
void DefineTasks(CLI::App& app, Action& action);
void DefineWorkers(CLI::App& app, Action& action);
void DefineSweep(CLI::App& app, Action& action);
void DefineServers(CLI::App& app, Action& action);
void DefineCron(CLI::App& app, Action& action);
void DefineWork(CLI::App& app, Action& action);
void DefineAdvanceClock(CLI::App& app, Action& action);
void DefineCompletion(CLI::App& app, Action& action);
void DefineMigrate(CLI::App& app, Action& action);
void DefineImport(CLI::App& app, Action& action);

// For commands that need a database: --database-url, or DATABASE_URL in the environment.
std::string DatabaseUrl(const Session& session);
// --schema, LEASEHOLD_SCHEMA in the environment, or the default.
std::string SchemaName(const Session& session);

// Writes the report in the session's format, and what it notes to `err`.
void Print(const Report& report, Session& session);

// Says the id of a job: all that some commands answer.
void PrintId(const std::string& id, Session& session);

// Adds a command whose `run` is called with its Options. `define` adds the options to the command.
template <typename Options>
CLI::App* DefineCommand(CLI::App& app, Action& action, const std::string& name,
                        const std::string& description,
                        const std::function<void(CLI::App&, Options&)>& define,
                        absl::Status (*run)(const Options&, Session&)) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(name, description);
  // Global options are taken after the command as well.
  command->fallthrough();
  command->group("Commands");
  define(*command, *options);
  command->callback([&action, options, run] {
    action = [options, run](Session& session) { return run(*options, session); };
  });
  return command;
}

// Adds an option whose text `parse` turns into `target`, or into a usage error.
template <typename Target, typename Parsed>
CLI::Option* AddParsedOption(CLI::App& command, const std::string& name, Target& target,
                             absl::StatusOr<Parsed> (*parse)(const std::string&),
                             const std::string& description) {
  CLI::Option* option = command.add_option_function<std::string>(
      name,
      [&target, parse, name](const std::string& text) {
        absl::StatusOr<Parsed> value = parse(text);
        if (!value.ok()) {
          throw CLI::ValidationError(name, std::string(value.status().message()));
        }
        target = *std::move(value);
      },
      description);
  return option;
}

}  // namespace leasehold::cli
