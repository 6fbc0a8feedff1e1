#include "server/ready_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_format.h"
#include "server/logging/log.h"

namespace leasehold {
namespace {

// A pipe, a terminal, a link to one: not ours to remove.
bool IsSomebodyElses(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

bool WriteAll(const std::string& path, int flags, const std::string& text) {
  const int fd = open(path.c_str(), flags | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  return close(fd) == 0 && written;
}

}  // namespace

absl::Status ReadyFile::Prepare() {
  if (path_.empty()) return absl::OkStatus();
  if (!IsSomebodyElses(path_)) {
    const bool gone = unlink(path_.c_str()) == 0 || errno == ENOENT;
    if (!gone || !WriteAll(Unpublished(), O_CREAT | O_TRUNC, "")) {
      return absl::FailedPreconditionError(
          absl::StrFormat("cannot write --ready-file %s: %s: name a file that this user may write",
                          path_, strerror(errno)));
    }
  }
  prepared_ = true;
  return absl::OkStatus();
}

void ReadyFile::Write(const std::string& text) {
  if (!prepared_ || written_.exchange(true)) return;
  const bool written = IsSomebodyElses(path_)
                           ? WriteAll(path_, O_APPEND | O_NONBLOCK, text)
                           : WriteAll(Unpublished(), O_TRUNC, text) &&
                                 rename(Unpublished().c_str(), path_.c_str()) == 0;
  if (written) return;
  Log::Error("the ready file cannot be written", {{"path", path_}, {"error", strerror(errno)}});
}

void ReadyFile::Remove() {
  if (!prepared_.exchange(false) || IsSomebodyElses(path_)) return;
  unlink(path_.c_str());
  unlink(Unpublished().c_str());
}

}  // namespace leasehold
