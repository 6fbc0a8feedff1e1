#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "spdlog/sinks/base_sink.h"

namespace leasehold {

// Writes lines to a file descriptor that may be blocked: it waits until the reader goes on, and
// stops waiting once it was told to give up. The descriptor's flags are left alone, because it is
// usually shared with other processes.
//
// WriteLine is called by one thread; GiveUpAfter and dropped by any.
class PatientSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit PatientSink(int fd) : fd_(fd) {}

  // Writes the line and a line feed. A line that cannot be written whole is counted as dropped.
  void WriteLine(std::string_view line);

  // From `time` from now on lines are dropped that cannot be written at once.
  void GiveUpAfter(std::chrono::milliseconds time);

  uint64_t dropped() const { return dropped_; }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  bool WaitUntilWritable() const;

  const int fd_;
  std::atomic<std::chrono::steady_clock::time_point> give_up_at_{
      std::chrono::steady_clock::time_point::max()};
  std::atomic<uint64_t> dropped_{0};
};

}  // namespace leasehold
