#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "server/base/mutex.h"
#include "tests/end_to_end/audit.h"
#include "tests/end_to_end/ledger.h"

namespace leasehold::testing {

// Producers that add numbered jobs of the task "work" until they are told to stop, each call
// repeated under its request id until it is answered, however often the server dies meanwhile.
class Load {
 public:
  Load(const std::string& address, int producers);
  ~Load();

  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // How many calls were answered up to now.
  size_t acknowledged() const { return count_; }
  // Ends the producers. The ids that were acknowledged, by the numbers of their payloads.
  const std::map<int, std::string>& Stop();
  // Calls that were never answered; the load promises nothing of them.
  const std::vector<absl::Status>& failures() const { return failures_; }

 private:
  void Produce(const std::string& address);

  std::atomic<bool> stop_{false};
  std::atomic<int> next_{0};
  std::atomic<size_t> count_{0};
  Mutex mu_;
  std::map<int, std::string> ids_;      // behind mu_ while the producers run
  std::vector<absl::Status> failures_;  // the same
  std::vector<std::thread> producers_;
};

struct Promises {
  // Nothing was lost but servers, so no run was in vain.
  bool each_runs_once = true;
};

// Compares what producers were told, what executors did and what the database went through, after
// the last job has ended. The promises that were broken.
std::vector<std::string> BrokenPromises(const std::map<int, std::string>& acknowledged,
                                        const Ledger& ledger, const std::string& database_url,
                                        const Promises& promises);

}  // namespace leasehold::testing
