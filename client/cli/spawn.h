#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/unique_fd.h"

namespace leasehold::cli {

// A started program and our ends of its three pipes, all non-blocking and close-on-exec.
struct Spawned {
  pid_t pid = -1;
  UniqueFd input;
  UniqueFd output;
  UniqueFd error;
};

// Starts the program at `path` without arguments, in the current directory, as the leader of a new
// process group, with `environment` ("NAME=value") as its whole environment, no signal blocked and
// no other descriptor of ours open.
//
// The kernel kills the program with SIGKILL when the calling thread ends: the thread must live
// until the program has been reaped. Descriptors 0 to 2 of this process must be open.
//
// Safe in a process with threads. Fails with a sentence that names the file: Unavailable if this
// machine lacks something just now (processes, memory, descriptors, or the file is being written),
// NotFound, InvalidArgument or FailedPrecondition if the file will not run later either.
absl::StatusOr<Spawned> Spawn(const std::string& path, const std::vector<std::string>& environment);

}  // namespace leasehold::cli
