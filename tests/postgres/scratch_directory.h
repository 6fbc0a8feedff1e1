#pragma once

#include <sys/types.h>

#include <string>

namespace leasehold::testing {

// A new directory of mode 0700, removed with the object. It is in /tmp and not in TEST_TMPDIR: the
// path of a Unix socket in it must fit into 107 bytes.
class ScratchDirectory {
 public:
  // Also clears away what tests killed more than a day ago left.
  ScratchDirectory();
  ~ScratchDirectory();

  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  const pid_t owner_;  // a forked child that exits must leave it alone
};

}  // namespace leasehold::testing
