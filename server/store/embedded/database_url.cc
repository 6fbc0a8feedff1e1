#include "server/store/embedded/database_url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "absl/strings/str_format.h"
#include "server/store/embedded/unique_fd.h"

namespace leasehold::store {
namespace {

// Escapes all that is special to any URL parser; '+' too, which some read as a space.
std::string PercentEncode(const std::string& path) {
  std::string encoded;
  for (const unsigned char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       strchr("/-._~", c) != nullptr;
    if (plain) {
      encoded.push_back(static_cast<char>(c));
    } else {
      encoded += absl::StrFormat("%%%02X", c);
    }
  }
  return encoded;
}

std::string UrlFile(const std::string& directory) { return directory + "/database-url"; }

absl::Status CannotWrite(const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrFormat("cannot write %s: %s: give a data directory that this user may write", path,
                      strerror(errno)));
}

}  // namespace

std::string SocketUrl(const std::string& socket_directory) {
  // The port is told because libpq would otherwise follow PGPORT; as a parameter because node-pg
  // refuses it after an empty host.
  return absl::StrFormat("postgresql://%s@/%s?host=%s&port=%d", kEmbeddedUser, kEmbeddedDatabase,
                         PercentEncode(socket_directory), kEmbeddedPort);
}

absl::Status WriteUrlFile(const std::string& directory, const std::string& url) {
  const std::string path = UrlFile(directory);
  const std::string unpublished = path + ".new";
  unlink(unpublished.c_str());
  const UniqueFd fd(open(unpublished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return CannotWrite(unpublished);
  const std::string line = url + "\n";
  if (write(fd.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
      rename(unpublished.c_str(), path.c_str()) != 0) {
    return CannotWrite(path);
  }
  return absl::OkStatus();
}

absl::Status RemoveUrlFile(const std::string& directory) {
  const std::string path = UrlFile(directory);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return absl::FailedPreconditionError(
        absl::StrFormat("cannot remove %s: %s: remove it by hand", path, strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace leasehold::store
