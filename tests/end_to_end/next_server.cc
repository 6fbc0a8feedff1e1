// leasehold-server as the next release might be: with one migration more, which the environment's
// NEXT_MIGRATION describes: "breaking" or "harmless" for servers that do not know it, or "failing".

#include <cstdlib>
#include <string>

#include "server/run_server.h"
#include "server/store/migrator/migrator.h"

int main(int argc, char** argv) {
  auto migrations = leasehold::store::MigrateOptions::AllMigrations();
  const char* chosen = std::getenv("NEXT_MIGRATION");
  const std::string kind = chosen == nullptr ? "breaking" : chosen;
  const int number = migrations.back().number + 1;
  migrations.push_back({number, "add_what_the_next_release_needs", kind != "harmless",
                        kind == "failing"
                            ? "ALTER TABLE :\"schema\".no_such_table ADD COLUMN next integer"
                            : "ALTER TABLE :\"schema\".job_rows ADD COLUMN next integer"});
  return leasehold::RunServer({argv + 1, argv + argc}, std::move(migrations));
}
