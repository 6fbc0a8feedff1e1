#pragma once

#include <functional>

#include "absl/status/status.h"
#include "server/config.h"
#include "server/store/connection.h"
#include "server/store/leadership_store.h"
#include "server/store/migrator/migrator.h"

namespace leasehold {

// How the schema is brought up to date when a server starts.
struct SchemaUpdate {
  const Config& config;
  store::ConnectionOptions connection;
  store::ServerRow row;  // how the server introduces itself
  std::vector<sql::Migration> migrations;
  // Whether to give up.
  std::function<bool()> stop;
};

// Migrates the schema, or with --no-migrate only checks it. A migration that running servers cannot
// live with is applied while none of them leads: see cluster::MigrationTurn. Blocks. Every error is
// one sentence for the operator, with its remedy.
absl::Status BringUpToDate(const SchemaUpdate& update);

}  // namespace leasehold
