#include "server/store/embedded/data_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"

namespace leasehold::store {
namespace {

namespace fs = std::filesystem;

constexpr off_t kLongLog = 10 << 20;

absl::Status Unwritable(const std::string& path, const std::string& reason) {
  return absl::FailedPreconditionError(
      absl::StrFormat("cannot write %s: %s: give a data directory that the user %d may write", path,
                      reason, geteuid()));
}

absl::Status MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return Unwritable(path, strerror(errno));
}

absl::Status MakeDirectories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return Unwritable(path.parent_path(), error.message());
  return MakeDirectory(path);
}

// Its mode is all that keeps others from the database.
absl::Status MakePrivateDirectory(const std::string& path) {
  if (absl::Status made = MakeDirectory(path); !made.ok()) return made;
  const UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.valid() || fchmod(directory.get(), 0700) != 0) {
    return Unwritable(path, strerror(errno));
  }
  return absl::OkStatus();
}

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The PostgreSQL processes whose working directory is `directory`: all of a cluster's have it.
std::vector<pid_t> PostgresProcessesIn(const std::string& directory) {
  std::vector<pid_t> found;
  struct stat wanted;
  if (stat(directory.c_str(), &wanted) != 0) return found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const pid_t pid = atoi(entry.path().filename().c_str());
    if (pid <= 0 || !FirstLine(entry.path() / "comm").starts_with("postgres")) continue;
    struct stat actual;
    if (stat((entry.path() / "cwd").c_str(), &actual) != 0) continue;
    if (actual.st_dev == wanted.st_dev && actual.st_ino == wanted.st_ino) found.push_back(pid);
  }
  return found;
}

// PostgreSQL refuses to start while the process id in its lock file is alive. In a container the
// ids repeat, so that may be any process. Only right once no PostgreSQL works in the directory.
void RemoveMisleadingLockFile(const std::string& path) {
  const pid_t pid = abs(atoi(FirstLine(path).c_str()));
  if (pid > 0 && kill(pid, 0) == 0) unlink(path.c_str());
}

}  // namespace

absl::StatusOr<DataDirectory> DataDirectory::Open(const std::string& path) {
  std::error_code error;
  fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  if (absl::Status made = MakeDirectories(absolute); !made.ok()) return made;

  // Closed on exec: a database that outlives us for a moment must not keep the lock.
  const std::string lock_file = absolute / "lock";
  UniqueFd lock(open(lock_file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock.valid()) return Unwritable(lock_file, strerror(errno));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the data directory %s is in use by another server (process %s): stop that one, or give "
        "this one another data directory",
        absolute.string(), FirstLine(lock_file)));
  }
  const std::string pid = absl::StrFormat("%d\n", getpid());
  if (ftruncate(lock.get(), 0) != 0 ||
      pwrite(lock.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return Unwritable(lock_file, strerror(errno));
  }

  DataDirectory directory(absolute, std::move(lock));
  if (absl::Status made = MakePrivateDirectory(directory.cluster()); !made.ok()) return made;
  return directory;
}

absl::StatusOr<std::optional<int>> DataDirectory::Version() const {
  const std::string file = data() + "/PG_VERSION";
  if (access(file.c_str(), R_OK) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return absl::FailedPreconditionError(
        absl::StrFormat("cannot read %s: %s: start the server as the user who owns it (or as root)",
                        file, strerror(errno)));
  }
  return atoi(FirstLine(file).c_str());
}

absl::StatusOr<std::optional<Identity>> DataDirectory::ClaimIdentity() const {
  if (geteuid() != 0) return std::nullopt;
  struct stat owner;
  if (stat(data().c_str(), &owner) == 0) return Identity{owner.st_uid, owner.st_gid};

  const passwd* user = getpwnam("postgres");
  if (user == nullptr) user = getpwnam("nobody");
  const Identity wanted = user == nullptr ? Identity{} : Identity{user->pw_uid, user->pw_gid};
  if (lchown(cluster().c_str(), wanted.uid, wanted.gid) == 0) return wanted;
  return Identity{};  // a user or a file system without other owners: a user namespace must do
}

absl::Status DataDirectory::WaitUntilUnused(absl::Duration timeout) const {
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    const std::vector<pid_t> processes = PostgresProcessesIn(data());
    if (processes.empty()) break;
    if (absl::FromChrono(std::chrono::steady_clock::now() - start) >= timeout) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "PostgreSQL (process %d) still uses %s after %s: stop it (kill -INT %d), or give another "
          "data directory",
          processes.front(), data(), absl::FormatDuration(timeout), processes.front()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  RemoveMisleadingLockFile(data() + "/postmaster.pid");
  RemoveMisleadingLockFile(cluster() + "/.s.PGSQL.5432.lock");
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> DataDirectory::OpenLog() const {
  struct stat file;
  if (stat(log_file().c_str(), &file) == 0 && file.st_size > kLongLog) {
    rename(log_file().c_str(), (log_file() + ".1").c_str());
  }
  UniqueFd log(
      open(log_file().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!log.valid()) return Unwritable(log_file(), strerror(errno));
  return log;
}

}  // namespace leasehold::store
