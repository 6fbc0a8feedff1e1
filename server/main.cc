#include "server/run_server.h"
#include "server/store/migrator/migrator.h"

int main(int argc, char** argv) {
  return leasehold::RunServer({argv + 1, argv + argc},
                              leasehold::store::MigrateOptions::AllMigrations());
}
