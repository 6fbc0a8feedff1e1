#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace leasehold::client {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// One line for the user's log. The job fields are empty on lines that concern no job.
struct LogEntry {
  LogLevel level = LogLevel::kInfo;
  std::string_view message;
  std::string_view job_id = {};
  std::string_view task = {};
  int attempt = 0;
};

// Called from many threads at once, the session's own among them: one that blocks for long silences
// the heartbeats.
using LogSink = std::function<void(const LogEntry&)>;

// One line of text for each entry on stderr; nothing below `least`.
LogSink StderrLog(LogLevel least = LogLevel::kInfo);

}  // namespace leasehold::client
