#include "server/store/embedded/postgres_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_format.h"
#include "server/store/embedded/database_url.h"

namespace leasehold::store {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kInitdbPatience = absl::Minutes(5);
constexpr char kUnfinished[] = "data.new.";

void RemoveUnfinished(const fs::path& cluster) {
  std::error_code ignored;
  std::vector<fs::path> unfinished;
  for (const auto& entry : fs::directory_iterator(cluster, ignored)) {
    if (entry.path().filename().string().starts_with(kUnfinished)) unfinished.push_back(entry);
  }
  for (const fs::path& path : unfinished) fs::remove_all(path, ignored);
}

void Sync(const fs::path& directory) {
  const UniqueFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid()) fsync(fd.get());
}

}  // namespace

PostgresCommand::PostgresCommand(const DataDirectory& directory, std::string binaries,
                                 std::optional<Identity> identity, UniqueFd cluster, UniqueFd log)
    : directory_(directory),
      binaries_(std::move(binaries)),
      identity_(identity),
      cluster_(std::move(cluster)),
      log_(std::move(log)),
      log_start_(lseek(log_.get(), 0, SEEK_END)) {}

absl::StatusOr<PostgresCommand> PostgresCommand::Prepare(const DataDirectory& directory,
                                                         std::string binaries,
                                                         std::optional<Identity> identity) {
  UniqueFd cluster(open(directory.cluster().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!cluster.valid()) {
    return absl::FailedPreconditionError(
        absl::StrFormat("cannot open %s: %s", directory.cluster(), strerror(errno)));
  }
  absl::StatusOr<UniqueFd> log = directory.OpenLog();
  if (!log.ok()) return log.status();
  return PostgresCommand(directory, std::move(binaries), identity, std::move(cluster),
                         *std::move(log));
}

absl::Status PostgresCommand::MakeData(bool durable) {
  // A name of our own: what an interrupted initdb still writes must not get into the new data.
  const std::string unfinished = absl::StrFormat("%s%d", kUnfinished, getpid());
  RemoveUnfinished(directory_.cluster());
  if (absl::Status run = RunInitdb(unfinished, durable); !run.ok()) return run;
  if (rename((directory_.cluster() + "/" + unfinished).c_str(), directory_.data().c_str()) != 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s exists but holds no PostgreSQL data (%s): move it away, or give another data directory",
        directory_.data(), strerror(errno)));
  }
  if (durable) {
    const fs::path path = directory_.path();
    for (const fs::path& changed : {path / "postgres", path, path.parent_path()}) {
      Sync(changed);
    }
  }
  return absl::OkStatus();
}

absl::Status PostgresCommand::RunInitdb(const std::string& name, bool durable) {
  std::vector<std::string> argv = {binaries_ + "/initdb",
                                   "-D",
                                   Reachable(name),
                                   "-U",
                                   kEmbeddedUser,
                                   "-A",
                                   "trust",
                                   "-E",
                                   "UTF8",
                                   "--locale=C"};
  if (!durable) argv.push_back("--no-sync");
  const absl::StatusOr<pid_t> pid = Spawn(std::move(argv), SIGKILL);
  if (!pid.ok()) return pid.status();
  const std::optional<int> status = WaitForChild(*pid, kInitdbPatience);
  if (status == 0) return absl::OkStatus();
  if (!status) {
    kill(*pid, SIGKILL);
    WaitForChild(*pid, absl::InfiniteDuration());
  }
  return absl::FailedPreconditionError(
      absl::StrFormat("initdb failed in %s (%s): %s; see %s", directory_.cluster(),
                      status ? DescribeWaitStatus(*status)
                             : "no end after " + absl::FormatDuration(kInitdbPatience),
                      Complaint(), directory_.log_file()));
}

absl::StatusOr<pid_t> PostgresCommand::StartDatabase(const std::vector<std::string>& settings) {
  std::vector<std::string> argv = {binaries_ + "/postgres", "-D", Reachable("data"), "-p",
                                   absl::StrFormat("%d", kEmbeddedPort)};
  for (const std::string& setting : settings) {
    argv.push_back("-c");
    argv.push_back(setting);
  }
  return Spawn(std::move(argv), SIGINT);  // SIGINT: the "fast" shutdown
}

std::string PostgresCommand::Complaint() const {
  std::ifstream log(directory_.log_file());
  log.seekg(log_start_);
  std::string last;
  for (std::string line; std::getline(log, line);) {
    for (const std::string grave : {"FATAL:  ", "PANIC:  ", "error: "}) {
      if (const size_t at = line.find(grave); at != std::string::npos) {
        return line.substr(at + grave.size());
      }
    }
    if (!line.empty()) last = line;
  }
  return last;
}

std::string PostgresCommand::Reachable(const std::string& name) const {
  if (!identity_) return directory_.cluster() + "/" + name;
  return absl::StrFormat("/proc/self/fd/%d/%s", cluster_.get(), name);
}

absl::StatusOr<pid_t> PostgresCommand::Spawn(std::vector<std::string> argv,
                                             int parent_death_signal) const {
  return SpawnChild({.argv = std::move(argv),
                     .output = log_.get(),
                     .kept = identity_ ? cluster_.get() : -1,
                     .identity = identity_,
                     .parent_death_signal = parent_death_signal});
}

}  // namespace leasehold::store
