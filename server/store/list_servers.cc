#include "server/store/list_servers.h"

#include <utility>

#include "server/store/row_reader.h"

namespace leasehold::store {

absl::StatusOr<std::vector<ServerInfo>> ListServers(Connection& connection) {
  const auto result = connection.Run(sql::kListServers);
  if (!result.ok()) return result.status();
  std::vector<ServerInfo> servers;
  for (const pqxx::row& row : *result) {
    RowReader reader(row);
    ServerInfo server;
    server.id = reader.Text();
    server.address = reader.Text();
    server.version = reader.Text();
    server.host = reader.Text();
    server.started_at = reader.Time();
    server.silent = absl::Milliseconds(reader.Bigint());
    server.streams = reader.Int();
    server.leads = reader.Bool();
    server.epoch = static_cast<uint64_t>(reader.Bigint());
    servers.push_back(std::move(server));
  }
  return servers;
}

}  // namespace leasehold::store
