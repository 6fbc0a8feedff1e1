#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace leasehold::cli {

// What a directory of handlers holds at one moment.
struct TaskDirectory {
  // Task -> path of the executable that handles it.
  std::map<std::string, std::string> handlers;
  // Names of files that look like handlers but may not be executed.
  std::vector<std::string> not_executable;

  // Sorted.
  std::vector<std::string> tasks() const;
};

// Reads `directory`. An executable file `hello` or `hello.<extension>` handles the task `hello`:
// the last extension is dropped. Symbolic links count as what they point to. Directories, and files
// whose names begin with "." or "#" or end with "~", are passed over.
//
// Fails if the directory cannot be read, if two executables handle one task, or if a task would be
// longer than 128 characters; names everything that is wrong.
absl::StatusOr<TaskDirectory> ReadTaskDirectory(const std::string& directory);

}  // namespace leasehold::cli
