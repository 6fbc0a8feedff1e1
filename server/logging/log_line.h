#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "server/logging/log.h"

namespace leasehold {

// What one line of the log says.
struct LogLine {
  std::chrono::system_clock::time_point time;
  LogLevel level = LogLevel::kInfo;
  std::string_view logger;
  std::string_view message;
  LogFields fields;
};

// One JSON object with ts, level, msg, logger and the fields; bytes that are not UTF-8 replaced. No
// line feed at the end.
std::string FormatJson(const LogLine& line);

// `2026-08-20T12:00:00.123Z WARNING queue: job swept job_id=7 error="executor lost"`, with control
// characters escaped, so that no value begins a line or reaches the terminal. No line feed at the
// end.
std::string FormatText(const LogLine& line);

// The logger's name from the path of a source file: the directory, or `server` for server/ itself.
std::string_view LoggerName(std::string_view file);

}  // namespace leasehold
