#pragma once

#include <gtest/gtest.h>

#include <string>

#include "absl/status/statusor.h"
#include "server/store/import/import.h"
#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {

// A database with the schema of graphile-worker, and none of ours.
class ImportTest : public ::testing::Test {
 protected:
  ImportTest();

  // Gives up soon: what is in the way stays there.
  absl::StatusOr<store::ImportReport> Import(store::ImportOptions options = {});
  static std::string Text(const absl::StatusOr<store::ImportReport>& report) {
    return std::string(report.status().message());
  }

  // Adds one of their jobs and returns its id. `arguments` as add_job takes them.
  int64_t AddTheirs(const std::string& arguments) {
    return sql_.Number("SELECT id FROM graphile_worker.add_job(" + arguments + ")");
  }
  // As their worker does when it claims a job.
  void LockTheirs(int64_t id, const std::string& worker);
  int64_t CountTheirs() {
    return sql_.Number("SELECT count(*) FROM graphile_worker._private_jobs");
  }

  // Every row of everything of theirs, as one text.
  std::string Theirs();

  void RunFile(const std::string& name);

  TestDatabase database_;
  SqlSession sql_{database_.url()};
};

}  // namespace leasehold::testing
