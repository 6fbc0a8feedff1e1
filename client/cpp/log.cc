#include "client/cpp/log.h"

#include <cstdio>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace leasehold::client {
namespace {

const char* NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

}  // namespace

LogSink StderrLog(LogLevel least) {
  return [least](const LogEntry& entry) {
    if (entry.level < least) return;
    std::string line = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ ", absl::Now(), absl::UTCTimeZone());
    absl::StrAppendFormat(&line, "%s ", NameOf(entry.level));
    if (!entry.job_id.empty()) {
      absl::StrAppendFormat(&line, "[%s %s attempt %d] ", entry.task, entry.job_id, entry.attempt);
    }
    absl::StrAppendFormat(&line, "%s\n", entry.message);
    // One call, so that lines of several threads do not mix.
    std::fwrite(line.data(), 1, line.size(), stderr);
  };
}

}  // namespace leasehold::client
