// What the store alone can do: drives PgJobStore without queue and gRPC and prints one JSON object.
// Makes the schema if need be, and takes over its leadership: not for a database that is in use.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "bench/floor.h"
#include "server/store/migrator/migrator.h"
#include "server/store/pg_job_store.h"
#include "server/store/pg_leadership_store.h"

namespace leasehold::bench {
namespace {

struct Options {
  // On 2 cores more connections and lanes only wait for each other.
  int connections = 2;
  int jobs = 200'000;
  int seconds = 20;
  int most_waiting = 0;
  bool born_leased = false;
  FloorOptions floor;
};

class Bystander : public store::JobStoreObserver {
 public:
  void InboxFilled() override {}
  void StoreAway() override {}
  void StoreBack(uint64_t) override {}
  void Deposed() override {}
};

absl::Status Lead(const store::ConnectionOptions& connection, store::PgJobStore& store) {
  store::MigrateOptions migrate_options;
  migrate_options.schema = connection.schema;
  const auto migrated = store::Migrate(connection.database_url, migrate_options);
  if (!migrated.ok()) return migrated.status();
  auto leadership = store::PgLeadershipStore::Connect(connection);
  if (!leadership.ok()) return leadership.status();
  const auto before = (*leadership)->Read();
  if (!before.ok()) return before.status();
  const auto epoch = (*leadership)->TakeOver(before->epoch);
  return epoch.ok() ? store.Start(*epoch) : epoch.status();
}

Floor::Figures Run(const CLI::App& app, const Options& options) {
  const char* url = std::getenv("DATABASE_URL");
  if (url == nullptr) return absl::InvalidArgumentError("DATABASE_URL names no database");
  store::PgJobStoreOptions store_options;
  store_options.connection.database_url = url;
  store_options.connection.schema = "leasehold";
  store_options.connection.server_id = "store-floor";
  store_options.connections = options.connections;
  Bystander bystander;
  store::PgJobStore store(store_options, bystander);
  if (absl::Status leads = Lead(store_options.connection, store); !leads.ok()) return leads;
  Floor floor(options.floor, store);
  if (app.got_subcommand("preload")) return floor.Preload(options.jobs);
  if (app.got_subcommand("drain")) return floor.Drain(options.jobs);
  return floor.FullCycle(options.seconds, options.born_leased);
}

int Main(int argc, char** argv) {
  CLI::App app("What the store alone can do with the database at DATABASE_URL");
  app.require_subcommand(1);
  Options options;
  CLI::App* preload = app.add_subcommand("preload", "inserts jobs");
  CLI::App* drain = app.add_subcommand("drain", "leases and completes the jobs that are there");
  CLI::App* cycle = app.add_subcommand("full-cycle", "inserts, leases and completes");
  for (CLI::App* mode : {preload, drain}) mode->add_option("--jobs", options.jobs);
  cycle->add_option("--seconds", options.seconds);
  cycle->add_option("--most-waiting", options.most_waiting, "taken, though no job waits");
  cycle->add_flag("--born-leased", options.born_leased, "the insert leases");
  for (CLI::App* mode : {preload, drain, cycle}) {
    mode->add_option("--connections", options.connections);
    mode->add_option("--batch", options.floor.batch, "jobs in one request");
    mode->add_option("--page", options.floor.page, "jobs read at once");
    mode->add_option("--lanes", options.floor.lanes, "batches on their way at once");
  }
  CLI11_PARSE(app, argc, argv);
  const Floor::Figures figures = Run(app, options);
  if (!figures.ok()) {
    std::cerr << figures.status().ToString() << "\n";
    return EXIT_FAILURE;
  }
  std::cout << figures->dump() << std::endl;
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace leasehold::bench

int main(int argc, char** argv) { return leasehold::bench::Main(argc, argv); }
