#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/text.h"
#include "client/cli/watch.h"

namespace leasehold::cli {
namespace {

struct ServersOptions {
  WatchInterval watch;
};

Json Document(const client::Servers& servers) {
  Json list = Json::array();
  for (const client::Server& server : servers.servers) {
    list.push_back(Json{
        {"id", server.id},
        {"leads", server.leads},
        {"epoch", server.epoch},
        {"streams", server.streams},
        {"silent_seconds", absl::ToDoubleSeconds(server.silent)},
        {"version", server.version},
        {"started_at", UtcTime(server.started_at)},
        {"address", server.address},
    });
  }
  return {
      {"servers", std::move(list)},
      {"connected_sessions", servers.connected_sessions},
      {"sessions", servers.sessions},
  };
}

void PrintServers(const client::Servers& servers, size_t width, std::ostream& out) {
  using Align = Table::Align;
  Table table({{"ID"},
               {"ROLE"},
               {"EPOCH", Align::kRight},
               {"STREAMS", Align::kRight},
               {"HEARD", Align::kRight},
               {"VERSION"},
               {"STARTED"},
               {"ADDRESS"}});
  for (const client::Server& server : servers.servers) {
    table.AddRow({server.id, server.leads ? "leader" : "follower",
                  server.leads ? std::to_string(server.epoch) : "-", std::to_string(server.streams),
                  ShortDuration(server.silent) + " ago", server.version,
                  LocalTime(server.started_at), server.address});
  }
  table.Print(out, width);
  out << absl::StrFormat("\nexecutors: %d connected, %d in all\n", servers.connected_sessions,
                         servers.sessions);
}

absl::StatusOr<Report> Read(Backend& backend) {
  absl::StatusOr<client::Servers> servers = backend.ListServers();
  if (!servers.ok()) return servers.status();
  return Report{.document = Document(*servers),
                .table = [servers = *std::move(servers)](std::ostream& out, size_t width) {
                  PrintServers(servers, width, out);
                }};
}

absl::Status Run(const ServersOptions& options, Session& session) {
  return Show(Read, options.watch, session);
}

}  // namespace

void DefineServers(CLI::App& app, Action& action) {
  DefineCommand<ServersOptions>(
      app, action, "servers", "List the servers on the database: who leads, versions, executors",
      [](CLI::App& command, ServersOptions& options) { AddWatchOption(command, options.watch); },
      Run)
      ->footer("Example:\n  leasehold servers --watch=5s");
}

}  // namespace leasehold::cli
