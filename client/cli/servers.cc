#include "client/cli/command.h"
#include "client/cli/job_output.h"
#include "client/cpp/client.h"

namespace leasehold::cli {
namespace {

struct ServersOptions {};

absl::Status Run(const ServersOptions&, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<client::Servers> servers = (*backend)->ListServers();
  if (!servers.ok()) return servers.status();
  if (session.json) {
    session.out << ServersJson(*servers) << '\n';
  } else {
    PrintServers(*servers, session.width, session.out);
  }
  return absl::OkStatus();
}

}  // namespace

void DefineServers(CLI::App& app, Action& action) {
  DefineCommand<ServersOptions>(
      app, action, "servers", "List the servers on the database: who leads, versions, executors",
      [](CLI::App&, ServersOptions&) {}, Run);
}

}  // namespace leasehold::cli
