#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/end_to_end/process.h"

namespace leasehold::testing {

// One line that an executor appended.
struct LedgerLine {
  // start, end or cancelled; recorded, lost or unanswered, if the payload says "unary".
  std::string what = {};
  std::string job = {};
  std::string task = {};
  int attempt = 0;
  uint64_t fencing_number = 0;
  absl::Time time = {};
  std::string executor = {};
  int n = -1;  // of the payload
  int activation = 0;
  std::string queue = {};  // empty: none
};

// What the executors of a test did, in the order in which they did it: a file to which each appends
// a line before and after a run.
class Ledger {
 public:
  std::string path() const { return directory_.path() + "/ledger"; }

  std::vector<LedgerLine> Lines() const;
  // One at a time, for ledgers that are long.
  void ForEach(const std::function<void(const LedgerLine&)>& sink) const;
  std::vector<LedgerLine> Lines(const std::string& what) const;
  // The payloads' numbers of those lines.
  std::vector<int> Numbers(const std::string& what) const;

  // Whether there come to be at least so many lines of that kind.
  bool Await(const std::string& what, size_t count, absl::Duration patience = kPatience) const;

  // Lets the runs go on whose payload says "hold".
  void Release() const;

 private:
  ScratchDirectory directory_;
};

// The executor of tests/end_to_end/ledger_executor.cc. Killed with the object.
class ExecutorProcess : public Process {
 public:
  struct Options {
    std::string address;
    std::string name = "executor";
    std::string tasks = "work";
    int concurrency = 4;
    int prefetch = 4;
    absl::Duration grace_period = absl::Seconds(2);
    absl::Duration interrupted_job_delay = absl::Milliseconds(100);
    bool once = false;
    std::vector<std::string> forbidden_flags = {};
    int error_fd = -1;  // takes its log instead of a file
  };

  ExecutorProcess(const Ledger& ledger, const Options& options);
};

}  // namespace leasehold::testing
