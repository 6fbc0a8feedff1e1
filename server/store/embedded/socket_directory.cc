#include "server/store/embedded/socket_directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"
#include "server/store/embedded/database_url.h"

namespace leasehold::store {
namespace {

namespace fs = std::filesystem;

std::string SocketIn(const std::string& directory) {
  return absl::StrFormat("%s/.s.PGSQL.%d", directory, kEmbeddedPort);
}

std::string NoteIn(const std::string& data_dir) { return data_dir + "/socket"; }

// Never recursive: in /tmp the name may meanwhile belong to somebody else.
void RemoveSocketDirectory(const std::string& directory) {
  unlink(SocketIn(directory).c_str());
  unlink((SocketIn(directory) + ".lock").c_str());
  rmdir(directory.c_str());
}

}  // namespace

absl::StatusOr<SocketDirectory> SocketDirectory::Make(const DataDirectory& directory,
                                                      const std::optional<Identity>& owner) {
  const std::string note = NoteIn(directory.path());
  RemoveLeftOver(directory.path());
  const bool usable = SocketIn(directory.cluster()).size() <= kMaxSocketPath &&
                      directory.cluster().find(',') == std::string::npos;
  if (usable) {
    return SocketDirectory(directory.cluster(), "..", "");
  }

  char path[] = "/tmp/leasehold-XXXXXX";
  if (mkdtemp(path) == nullptr) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "cannot make a directory in /tmp for the database's socket: %s: make /tmp writable, or "
        "give a data directory with a path without commas and shorter than %d bytes",
        strerror(errno), kMaxSocketPath - SocketIn("/postgres").size() + 1));
  }
  const bool owned = !owner || owner->uid == 0 || chown(path, owner->uid, owner->gid) == 0;
  if (!owned || symlink(path, note.c_str()) != 0) {
    const int error = errno;
    rmdir(path);
    return absl::FailedPreconditionError(
        absl::StrFormat("cannot prepare %s for the database's socket: %s: give a data directory "
                        "with a shorter path",
                        path, strerror(error)));
  }
  return SocketDirectory(path, path, note);
}

void SocketDirectory::RemoveLeftOver(const std::string& data_dir) {
  std::error_code none;
  const fs::path left_over = fs::read_symlink(NoteIn(data_dir), none);
  if (none) return;
  RemoveSocketDirectory(left_over);
  unlink(NoteIn(data_dir).c_str());
}

void SocketDirectory::Remove() const {
  if (note_.empty()) return;
  RemoveSocketDirectory(path_);
  unlink(note_.c_str());
}

}  // namespace leasehold::store
