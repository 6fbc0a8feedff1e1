#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace leasehold::store {

// Whom a child of root runs as. Where the process may not become `uid` (a user namespace that maps
// one user only, as in sandboxes and some containers), or `uid` is 0, the child stays who it is but
// in a user namespace of its own, where it is not called root.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct ChildOptions {
  std::vector<std::string> argv;  // argv[0] is an absolute path
  int output = -1;                // becomes standard output and standard error
  int kept = -1;                  // stays open in the child under its number; all others close
  std::optional<Identity> identity = std::nullopt;  // absent: the child runs as we do
  int parent_death_signal = 0;  // sent to the child when the calling thread ends
};

// Starts a program in "/", in a process group of its own, with default signal handling and without
// the PG* and locale variables of our environment. Returns once the program runs; the error names
// the step that failed. The parent death signal belongs to the calling *thread*: call from one that
// lives as long as the process.
absl::StatusOr<pid_t> SpawnChild(const ChildOptions& options);

// Waits for the end of a child and reaps it. Returns its wait status, or nullopt if it still runs
// when `timeout` has passed.
std::optional<int> WaitForChild(pid_t pid, absl::Duration timeout);

// "exit status 1" or "signal 9".
std::string DescribeWaitStatus(int status);

}  // namespace leasehold::store
