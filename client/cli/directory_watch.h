#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "client/cli/unique_fd.h"

namespace leasehold::cli {

// Calls back, from a thread of its own, whenever names, contents or permissions in a directory have
// changed and then stayed as they are for a moment (a copy or an editor makes many small changes).
//
// Ends with the object. A directory that is removed is reported once; it is watched again, and
// reported, when it is back.
class DirectoryWatch {
 public:
  using Callback = std::function<void()>;

  // Watches from before it returns: read the directory after that and no change is missed.
  static absl::StatusOr<std::unique_ptr<DirectoryWatch>> Start(const std::string& directory,
                                                               Callback on_change);

  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

 private:
  DirectoryWatch(std::string directory, Callback on_change, UniqueFd inotify, UniqueFd stop);

  bool Add();
  void Run();
  // False when the watch is to end.
  bool AwaitQuiet();
  // Waits for an event or the timeout; false when the watch is to end.
  bool Await(int timeout_ms, bool* changed);
  void ReadEvents();

  const std::string directory_;
  const Callback on_change_;
  const UniqueFd inotify_;
  const UniqueFd stop_;
  bool lost_ = false;
  std::thread thread_;
};

}  // namespace leasehold::cli
