#pragma once

#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "client/cpp/executor.h"

namespace leasehold::testing {

// An executor of the library in the test's own process, which costs a run less than a ledger does:
// for very many runs, and where their times are measured.
class LocalExecutor {
 public:
  // Runs until Stop(). The options' signals and log are the test's: none, and warnings alone.
  LocalExecutor(client::ExecutorOptions options, const std::vector<std::string>& tasks,
                const client::Handler& handler);
  ~LocalExecutor();

  LocalExecutor(const LocalExecutor&) = delete;
  LocalExecutor& operator=(const LocalExecutor&) = delete;

  // Returns when every result is recorded: OK, or why not.
  absl::Status Stop();

 private:
  client::Executor executor_;
  absl::Status status_;
  std::thread thread_;
};

}  // namespace leasehold::testing
