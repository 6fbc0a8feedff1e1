#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/cron/cron_spec.h"

namespace leasehold {

// The file of --crontab. Belongs to one thread.
class CrontabFile {
 public:
  // Without a path it has no entries and nothing is read.
  explicit CrontabFile(std::string path) : path_(std::move(path)) {}

  // InvalidArgument with every fault, "FILE:LINE:COLUMN: ..." one a line: the entries are as
  // before.
  absl::Status Read();
  // The same for a server that runs: what is wrong or has changed is logged. False: it is not to be
  // used.
  bool ReadAgain();

  // In the order of the file.
  const std::vector<CronEntry>& entries() const { return entries_; }

 private:
  const std::string path_;
  std::vector<CronEntry> entries_;
};

}  // namespace leasehold
