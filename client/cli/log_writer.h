#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <thread>

#include "client/cli/log_line.h"
#include "server/base/mutex.h"

namespace leasehold::cli {

// Writes log lines to a file descriptor from a thread of its own, so that whoever logs never waits
// for it. When the reader is slower than the lines come, the oldest ones waiting are dropped, and a
// line says how many.
//
// Thread-safe.
class LogWriter {
 public:
  LogWriter(int fd, LogStyle style);
  // As Close().
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void Write(const LogEvent& event) EXCLUDES(mu_);

  // Returns when all lines are written, or nobody has read them for a second. What comes later is
  // not written any more. Not from two threads at once.
  void Close() EXCLUDES(mu_);

 private:
  void Run() EXCLUDES(mu_);
  // False: nobody reads any more.
  bool WriteOut(std::string_view bytes) EXCLUDES(mu_);
  // The lines to write next; empty: the end.
  std::string NextLines() EXCLUDES(mu_);

  const int fd_;
  const LogStyle style_;

  Mutex mu_;
  CondVar wake_;
  std::deque<std::string> lines_ GUARDED_BY(mu_);
  size_t bytes_ GUARDED_BY(mu_) = 0;
  int64_t dropped_ GUARDED_BY(mu_) = 0;
  bool ending_ GUARDED_BY(mu_) = false;

  std::thread thread_;
};

}  // namespace leasehold::cli
