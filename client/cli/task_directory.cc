#include "client/cli/task_directory.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace leasehold::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxTaskLength = 128;

bool LooksLikeHandler(std::string_view name) {
  return !name.starts_with('.') && !name.starts_with('#') && !name.ends_with('~');
}

std::string TaskOf(const std::string& file_name) {
  return file_name.substr(0, file_name.rfind('.'));
}

// Names of the regular files in `directory`, sorted, so that errors do not depend on the disk.
absl::StatusOr<std::vector<std::string>> FileNames(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> names;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    if (entry->is_regular_file(gone)) names.push_back(entry->path().filename().string());
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrFormat("cannot read the task directory %s: %s", directory, error.message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<std::string> TaskDirectory::tasks() const {
  std::vector<std::string> tasks;
  for (const auto& [task, path] : handlers) tasks.push_back(task);
  return tasks;
}

absl::StatusOr<TaskDirectory> ReadTaskDirectory(const std::string& directory) {
  const absl::StatusOr<std::vector<std::string>> names = FileNames(directory);
  if (!names.ok()) return names.status();

  TaskDirectory found;
  std::vector<std::string> faults;
  for (const std::string& name : *names) {
    if (!LooksLikeHandler(name)) continue;
    const std::string path = (fs::path(directory) / name).string();
    if (access(path.c_str(), X_OK) != 0) {
      found.not_executable.push_back(name);
      continue;
    }
    const std::string task = TaskOf(name);
    if (task.size() > kMaxTaskLength) {
      faults.push_back(
          absl::StrFormat("task \"%s\" is longer than %d characters", task, kMaxTaskLength));
      continue;
    }
    const auto [other, is_new] = found.handlers.emplace(task, path);
    if (!is_new) {
      faults.push_back(absl::StrFormat("%s and %s both handle task \"%s\": remove one",
                                       other->second, path, task));
    }
  }
  if (!faults.empty()) return absl::InvalidArgumentError(absl::StrJoin(faults, "; "));
  return found;
}

}  // namespace leasehold::cli
