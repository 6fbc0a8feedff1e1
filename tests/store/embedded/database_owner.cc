// Owns the embedded database of the directory in argv[1], prints its URL, and lives until its
// standard input ends or it is killed. With --as-namespace-root it is first made root of a user
// namespace that knows no other user, as in a rootless container.
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

#include "server/store/embedded/embedded_postgres.h"

namespace {

bool WriteProcFile(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY);
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

bool BecomeNamespaceRoot() {
  const std::string uid_map = "0 " + std::to_string(getuid()) + " 1";
  const std::string gid_map = "0 " + std::to_string(getgid()) + " 1";
  return unshare(CLONE_NEWUSER) == 0 && WriteProcFile("/proc/self/setgroups", "deny") &&
         WriteProcFile("/proc/self/gid_map", gid_map) &&
         WriteProcFile("/proc/self/uid_map", uid_map);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 && strcmp(argv[2], "--as-namespace-root") == 0 && !BecomeNamespaceRoot()) {
    std::puts("no user namespaces here");
    return 1;
  }
  const auto postgres =
      leasehold::store::EmbeddedPostgres::Start({.data_dir = argv[1], .durable = false});
  std::puts(postgres.ok() ? (*postgres)->url().c_str()
                          : std::string(postgres.status().message()).c_str());
  std::fflush(stdout);
  for (char byte; postgres.ok() && read(STDIN_FILENO, &byte, 1) > 0;) continue;
  return postgres.ok() ? 0 : 1;
}
