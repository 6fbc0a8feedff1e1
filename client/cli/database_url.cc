#include <cstdlib>
#include <string>

#include "client/cli/command.h"

namespace leasehold::cli {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string DatabaseUrl(const Session& session) {
  if (!session.database_url.empty()) return session.database_url;
  for (const char* name : {"LEASEHOLD_DATABASE_URL", "DATABASE_URL"}) {
    if (const std::string url = Environment(name); !url.empty()) return url;
  }
  throw CLI::ValidationError("--database-url",
                             "is needed here, or DATABASE_URL in the environment");
}

std::string SchemaName(const Session& session) {
  if (!session.schema.empty()) return session.schema;
  for (const char* name : {"LEASEHOLD_SCHEMA", "GRAPHILE_WORKER_SCHEMA"}) {
    if (const std::string schema = Environment(name); !schema.empty()) return schema;
  }
  return "leasehold";
}

}  // namespace leasehold::cli
