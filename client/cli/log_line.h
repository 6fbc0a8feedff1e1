#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "client/cpp/log.h"

namespace leasehold::cli {

// What a line about a job reports.
enum class LogMark { kMessage, kOutput, kErrorOutput, kComplete, kRetry, kFailed, kReleased };

// One line of `leasehold work`. The job fields are empty on lines that concern no job.
struct LogEvent {
  client::LogLevel level = client::LogLevel::kInfo;
  LogMark mark = LogMark::kMessage;
  std::string_view message = {};
  std::string_view job_id = {};
  std::string_view task = {};
  int attempt = 0;
  // Of the run that has ended.
  std::optional<absl::Duration> took = {};
};

enum class LogFormat { kTerminal, kKeyValue, kJson };

struct LogStyle {
  LogFormat format = LogFormat::kKeyValue;
  // For kTerminal.
  bool color = false;
  bool utf8 = false;

  // What suits the file `fd`: short lines on a terminal (in colour unless NO_COLOR is set or TERM
  // is dumb, in plain ASCII unless the locale is UTF-8), key=value otherwise, one JSON object a
  // line if `json`. Call setlocale first.
  static LogStyle For(int fd, bool json);
};

// The line, its newline included.
std::string FormatLogLine(const LogEvent& event, absl::Time time, const LogStyle& style);

}  // namespace leasehold::cli
