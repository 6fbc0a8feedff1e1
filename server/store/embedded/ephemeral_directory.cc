#include "server/store/embedded/ephemeral_directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/store/embedded/data_directory.h"
#include "server/store/embedded/socket_directory.h"

namespace leasehold::store {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "leasehold-ephemeral-";
// A server that was killed takes its database along, which needs a moment.
constexpr absl::Duration kLeaving = absl::Seconds(2);
// A server locks its directory within this of making it.
constexpr time_t kSecondsToLock = 60;

// Somebody may be about to lock it: a new directory has no process id in its lock file.
bool IsBeingMade(const std::string& path, const struct stat& directory) {
  struct stat lock;
  const bool locked = stat((path + "/lock").c_str(), &lock) == 0 && lock.st_size > 0;
  return !locked && time(nullptr) - directory.st_mtime < kSecondsToLock;
}

void RemoveIfLeftOver(const std::string& path) {
  struct stat status;
  if (lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return;
  if (status.st_uid != geteuid() || IsBeingMade(path, status)) return;
  const absl::StatusOr<DataDirectory> directory = DataDirectory::Open(path);
  if (!directory.ok() || !directory->WaitUntilUnused(kLeaving).ok()) return;
  SocketDirectory::RemoveLeftOver(path);
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

void RemoveLeftOvers(const fs::path& temporary) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(temporary, ignored)) {
    if (entry.path().filename().string().starts_with(kPrefix)) RemoveIfLeftOver(entry.path());
  }
}

}  // namespace

absl::StatusOr<EphemeralDirectory> EphemeralDirectory::Make() {
  std::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  if (error) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "there is no directory for temporary files (%s): set TMPDIR to one", error.message()));
  }
  RemoveLeftOvers(temporary);
  std::string path = temporary / (std::string(kPrefix) + "XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrFormat("cannot make a directory in %s: %s: set TMPDIR to a directory that this "
                        "user may write",
                        temporary.string(), strerror(errno)));
  }
  return EphemeralDirectory(std::move(path));
}

EphemeralDirectory::~EphemeralDirectory() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace leasehold::store
