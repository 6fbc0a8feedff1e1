#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace leasehold {

// A file that is there while a server serves, for those who started it and wait until it answers.
// Thread-safe.
class ReadyFile {
 public:
  // Without a path nothing happens.
  explicit ReadyFile(std::string path) : path_(std::move(path)) {}
  ~ReadyFile() { Remove(); }
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;

  // Removes what a killed server has left, and makes sure that the file can be written.
  absl::Status Prepare();
  // The first time; whoever sees the file sees it whole. What is no plain file, such as
  // /dev/stdout, is written to. A failure is logged.
  void Write(const std::string& text);
  void Remove();

 private:
  std::string Unpublished() const { return path_ + ".new"; }

  const std::string path_;
  std::atomic<bool> prepared_{false};
  std::atomic<bool> written_{false};
};

}  // namespace leasehold
