#include "server/store/embedded/postgres_binaries.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "server/store/embedded/child_process.h"
#include "server/store/embedded/unique_fd.h"

namespace leasehold::store {
namespace {

namespace fs = std::filesystem;

constexpr int kOldestVersion = 12;
constexpr char kDebianDirectory[] = "/usr/lib/postgresql";

bool HoldsPostgres(const fs::path& directory) {
  return access((directory / "postgres").c_str(), X_OK) == 0 &&
         access((directory / "initdb").c_str(), X_OK) == 0;
}

// Debian's installations by major version.
std::map<int, fs::path> DebianInstallations() {
  std::map<int, fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(kDebianDirectory, ignored)) {
    const int version = atoi(entry.path().filename().c_str());
    if (version > 0 && HoldsPostgres(entry.path() / "bin")) found[version] = entry.path() / "bin";
  }
  return found;
}

std::optional<fs::path> OnPath() {
  const char* path = getenv("PATH");
  std::istringstream directories(path == nullptr ? "" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (directory.starts_with('/') && HoldsPostgres(directory)) return directory;
  }
  return std::nullopt;
}

std::optional<fs::path> Search(std::optional<int> preferred_version) {
  const std::map<int, fs::path> installed = DebianInstallations();
  if (preferred_version) {
    if (auto it = installed.find(*preferred_version); it != installed.end()) return it->second;
  }
  if (!installed.empty()) return installed.rbegin()->second;
  return OnPath();
}

// The first line that `postgres --version` prints: "postgres (PostgreSQL) 15.20 (Debian ...)".
absl::StatusOr<std::string> VersionLine(const std::string& postgres) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return absl::ResourceExhaustedError("cannot make a pipe");
  UniqueFd reader(fds[0]), writer(fds[1]);
  const absl::StatusOr<pid_t> pid =
      SpawnChild({.argv = {postgres, "--version"}, .output = writer.get()});
  if (!pid.ok()) return pid.status();
  writer.Reset();
  std::string text;
  char buffer[256];
  for (ssize_t n; (n = read(reader.get(), buffer, sizeof buffer)) > 0;) text.append(buffer, n);
  WaitForChild(*pid, absl::InfiniteDuration());
  return text.substr(0, text.find('\n'));
}

}  // namespace

absl::StatusOr<PostgresBinaries> FindPostgresBinaries(const std::string& directory,
                                                      std::optional<int> preferred_version) {
  std::error_code ignored;
  const std::optional<fs::path> found =
      directory.empty() ? Search(preferred_version) : fs::absolute(directory, ignored);
  if (!found || !HoldsPostgres(*found)) {
    return absl::NotFoundError(absl::StrFormat(
        "no PostgreSQL programs (initdb, postgres) in %s: install them (apt-get install "
        "postgresql), or give the URL of a running database instead of a data directory",
        directory.empty() ? std::string(kDebianDirectory) + "/*/bin or on PATH" : directory));
  }
  const std::string postgres = *found / "postgres";
  const absl::StatusOr<std::string> line = VersionLine(postgres);
  if (!line.ok()) return line.status();
  int version = 0;
  if (sscanf(line->c_str(), "%*s (PostgreSQL) %d", &version) != 1) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s --version says \"%s\", not a version of PostgreSQL", postgres, *line));
  }
  if (version < kOldestVersion) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s is PostgreSQL %d: install PostgreSQL %d or newer", postgres, version, kOldestVersion));
  }
  return PostgresBinaries{*found, version};
}

}  // namespace leasehold::store
