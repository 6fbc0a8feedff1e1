#include "client/cli/log_line.h"

#include <langinfo.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "absl/strings/str_format.h"
#include "client/cli/text.h"
#include "nlohmann/json.hpp"

namespace leasehold::cli {
namespace {

struct MarkLook {
  const char* symbol;
  const char* ascii;
  // SGR parameters.
  const char* color;
  // Of the machine-readable formats; null: the line reports no end of a run.
  const char* outcome;
};

MarkLook LookOf(LogMark mark) {
  switch (mark) {
    case LogMark::kOutput:
      return {"│", "|", "2", nullptr};
    case LogMark::kErrorOutput:
      return {"│", "!", "31", nullptr};
    case LogMark::kComplete:
      return {"✓", "ok", "32", "complete"};
    case LogMark::kRetry:
      return {"↻", "retry", "33", "retry"};
    case LogMark::kFailed:
      return {"✗", "failed", "31", "failed"};
    case LogMark::kReleased:
      return {"↩", "released", "33", "released"};
    case LogMark::kMessage:
      break;
  }
  return {"", "", "", nullptr};
}

const char* LevelName(client::LogLevel level) {
  switch (level) {
    case client::LogLevel::kDebug:
      return "debug";
    case client::LogLevel::kInfo:
      return "info";
    case client::LogLevel::kWarning:
      return "warning";
    case client::LogLevel::kError:
      return "error";
  }
  return "";
}

std::string LogTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

std::string Painted(std::string_view text, const char* color, const LogStyle& style) {
  if (!style.color || text.empty() || *color == '\0') return std::string(text);
  return absl::StrFormat("\x1b[%sm%s\x1b[0m", color, text);
}

// A message that concerns no job says how bad it is; lines of jobs have their marks.
std::string LevelPrefix(const LogEvent& event, const LogStyle& style) {
  if (event.level == client::LogLevel::kWarning) return Painted("warning: ", "33", style);
  if (event.level == client::LogLevel::kError) return Painted("error: ", "31", style);
  return "";
}

std::string TerminalLine(const LogEvent& event, absl::Time time, const LogStyle& style) {
  std::string line = Painted(absl::FormatTime("%H:%M:%S", time, absl::LocalTimeZone()), "2", style);
  if (!event.task.empty()) line += absl::StrFormat(" %s", Printable(event.task));
  if (!event.job_id.empty()) line += absl::StrFormat(" %s", Printable(event.job_id));
  const MarkLook look = LookOf(event.mark);
  if (event.mark == LogMark::kMessage) {
    line += " " + LevelPrefix(event, style);
  } else {
    line += " " + Painted(style.utf8 ? look.symbol : look.ascii, look.color, style) + " ";
  }
  if (event.took.has_value()) {
    line += ShortDuration(*event.took);
    if (!event.message.empty()) line += ": ";
  }
  return line + Printable(event.message) + "\n";
}

// As a value of key=value: quoted only if it must be.
std::string Quoted(std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
  if (plain && Printable(value) == value) return std::string(value);
  std::string escaped;
  for (const char c : value) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return "\"" + Printable(escaped) + "\"";
}

std::string KeyValueLine(const LogEvent& event, absl::Time time) {
  std::string line = absl::StrFormat("ts=%s level=%s", LogTime(time), LevelName(event.level));
  if (!event.task.empty()) line += " task=" + Quoted(event.task);
  if (!event.job_id.empty()) line += " job_id=" + Quoted(event.job_id);
  if (event.attempt > 0) line += absl::StrFormat(" attempt=%d", event.attempt);
  if (const char* outcome = LookOf(event.mark).outcome) line += std::string(" outcome=") + outcome;
  if (event.took.has_value()) {
    line += absl::StrFormat(" duration_ms=%d", absl::ToInt64Milliseconds(*event.took));
  }
  if (!event.message.empty()) line += " msg=" + Quoted(event.message);
  return line + "\n";
}

std::string JsonLine(const LogEvent& event, absl::Time time) {
  nlohmann::ordered_json line = {{"ts", LogTime(time)}, {"level", LevelName(event.level)}};
  if (!event.task.empty()) line["task"] = event.task;
  if (!event.job_id.empty()) line["job_id"] = event.job_id;
  if (event.attempt > 0) line["attempt"] = event.attempt;
  if (const char* outcome = LookOf(event.mark).outcome) line["outcome"] = outcome;
  if (event.took.has_value()) line["duration_ms"] = absl::ToInt64Milliseconds(*event.took);
  line["msg"] = event.message;
  // Programs write what they like: bytes that are not UTF-8 are replaced, never thrown at us.
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

LogStyle LogStyle::For(int fd, bool json) {
  if (json) return {.format = LogFormat::kJson};
  if (isatty(fd) == 0) return {.format = LogFormat::kKeyValue};
  const char* no_color = getenv("NO_COLOR");
  const char* terminal = getenv("TERM");
  const bool dumb = terminal == nullptr || strcmp(terminal, "dumb") == 0;
  return {.format = LogFormat::kTerminal,
          .color = !dumb && (no_color == nullptr || *no_color == '\0'),
          .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
}

std::string FormatLogLine(const LogEvent& event, absl::Time time, const LogStyle& style) {
  switch (style.format) {
    case LogFormat::kTerminal:
      return TerminalLine(event, time, style);
    case LogFormat::kJson:
      return JsonLine(event, time);
    case LogFormat::kKeyValue:
      break;
  }
  return KeyValueLine(event, time);
}

}  // namespace leasehold::cli
