#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"

namespace leasehold::testing {

// What became of one call that asked for one job.
struct Call {
  enum class Answer {
    kAcknowledged,
    kRefused,  // it was told that there is no such job
    kUnknown,  // never answered: there may be such a job
  };
  Answer answer = Answer::kAcknowledged;
  // Of the payload: each call has its own.
  int64_t n = 0;
  int64_t job = 0;  // if acknowledged
  absl::Time time = absl::InfinitePast();
  // The job has a key: later calls may have taken it over.
  bool keyed = false;
  // The job's handler fails for good.
  bool fails = false;
};

// A file to which the producers of a test append a line for each call.
class CallLog {
 public:
  explicit CallLog(std::string path);
  ~CallLog();

  CallLog(const CallLog&) = delete;
  CallLog& operator=(const CallLog&) = delete;

  // From any thread.
  void Write(const Call& call) const;
  void Read(const std::function<void(const Call&)>& sink) const;

 private:
  const std::string path_;
  const int fd_;
};

}  // namespace leasehold::testing
