#include "tests/store/import/import_fixture.h"

#include <fstream>
#include <sstream>

namespace leasehold::testing {

ImportTest::ImportTest() {
  sql_.Run("SET client_min_messages = error");
  RunFile("graphile_worker.sql");
}

absl::StatusOr<store::ImportReport> ImportTest::Import(store::ImportOptions options) {
  options.patience = absl::Milliseconds(500);
  return store::Import(database_.url(), options);
}

void ImportTest::LockTheirs(int64_t id, const std::string& worker) {
  sql_.Run(
      "UPDATE graphile_worker._private_jobs "
      "SET attempts = attempts + 1, locked_at = now(), locked_by = '" +
      worker + "' WHERE id = " + std::to_string(id));
}

std::string ImportTest::Theirs() {
  return sql_.Row(
      "SELECT (SELECT json_agg(j ORDER BY id) FROM graphile_worker._private_jobs j), "
      "(SELECT json_agg(t ORDER BY id) FROM graphile_worker._private_tasks t), "
      "(SELECT json_agg(q ORDER BY id) FROM graphile_worker._private_job_queues q), "
      "(SELECT json_agg(c ORDER BY identifier) FROM graphile_worker._private_known_crontabs c)");
}

void ImportTest::RunFile(const std::string& name) {
  std::ifstream file("tests/store/import/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  ASSERT_FALSE(text.str().empty()) << name;
  sql_.Run(text.str());
}

}  // namespace leasehold::testing
