#include <gtest/gtest.h>
#include <stdio.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "server/store/embedded/postgres_binaries.h"
#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {
namespace {

constexpr size_t kLongestLine = 100;

// What pg_dump adds for a restore: of no interest to a reader.
bool IsNoise(const std::string& line) {
  return absl::StartsWith(line, "--") || absl::StartsWith(line, "SET ") ||
         absl::StartsWith(line, "SELECT pg_catalog.set_config") || absl::StartsWith(line, "\\");
}

std::string Wrapped(std::string line) {
  std::string text;
  while (line.size() > kLongestLine) {
    const size_t end = line.rfind(' ', kLongestLine);
    if (end == std::string::npos || end < kLongestLine / 2) break;
    text += line.substr(0, end) + "\n";
    line = "        " + line.substr(end + 1);
  }
  return text + line + "\n";
}

std::string Normalized(const std::string& dump) {
  std::istringstream lines(dump);
  std::string text = "-- The schema as all migrations leave it: to read, not to run.\n\n";
  bool after_blank = true;
  for (std::string line; std::getline(lines, line);) {
    if (IsNoise(line) || (line.empty() && after_blank)) continue;
    after_blank = line.empty();
    text += Wrapped(line);
  }
  while (absl::EndsWith(text, "\n\n")) text.pop_back();
  return text;
}

std::string Dump(const std::string& url) {
  const auto binaries = store::FindPostgresBinaries("", std::nullopt);
  const std::string command = absl::StrFormat("'%s/pg_dump' --schema-only --no-owner '%s'",
                                              binaries.value().directory, url);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  char buffer[4096];
  while (const size_t size = fread(buffer, 1, sizeof(buffer), pipe.get())) {
    text.append(buffer, size);
  }
  return text;
}

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Reviewers see in this file what a migration does. Write it anew with
//   bazel run //tests/sql:schema_snapshot_test
TEST(SchemaSnapshotTest, IsWhatTheMigrationsMake) {
  const TestDatabase database(MigrateTestSchema);

  const std::string schema = Normalized(Dump(database.url()));

  if (const char* tree = std::getenv("BUILD_WORKSPACE_DIRECTORY")) {
    std::ofstream(std::string(tree) + "/sql/schema.sql") << schema;
  } else {
    EXPECT_EQ(schema, Read("sql/schema.sql"))
        << "write it anew: bazel run //tests/sql:schema_snapshot_test";
  }
}

}  // namespace
}  // namespace leasehold::testing
