#include "server/logging/log_line.h"

#include <ctime>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"

namespace leasehold {
namespace {

std::string FormatTime(std::chrono::system_clock::time_point time) {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const std::time_t unix_seconds = seconds.count();
  std::tm utc{};
  gmtime_r(&unix_seconds, &utc);
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                         utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                         (since_epoch - seconds).count());
}

std::string_view LevelName(LogLevel level) {
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
  return "error";
}

bool IsControl(unsigned char c) { return c < 0x20 || c == 0x7f; }

// U+0080 to U+009F in UTF-8: terminals obey these as they do ESC sequences.
bool IsHighControl(std::string_view text, size_t i) {
  return text[i] == '\xc2' && i + 1 < text.size() &&
         static_cast<unsigned char>(text[i + 1]) <= 0x9f;
}

void AppendEscaped(std::string& out, std::string_view text, bool quoted) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (IsControl(static_cast<unsigned char>(c))) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned char>(c));
    } else if (IsHighControl(text, i)) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned char>(text[++i]));
    } else {
      if (quoted && (c == '"' || c == '\\')) out += '\\';
      out += c;
    }
  }
}

void AppendText(std::string& out, std::string_view value) {
  const bool plain =
      !value.empty() && value.find_first_of(" \"=\\\t\r\n") == std::string_view::npos;
  if (!plain) out += '"';
  AppendEscaped(out, value, !plain);
  if (!plain) out += '"';
}

}  // namespace

std::string FormatJson(const LogLine& line) {
  nlohmann::ordered_json json = {{"ts", FormatTime(line.time)},
                                 {"level", LevelName(line.level)},
                                 {"msg", line.message},
                                 {"logger", line.logger}};
  for (const LogField& field : line.fields) {
    std::visit([&](const auto& value) { json[std::string(field.key)] = value; }, field.value);
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string FormatText(const LogLine& line) {
  std::string out =
      absl::StrFormat("%s %-7s %s: ", FormatTime(line.time), LevelName(line.level), line.logger);
  AppendEscaped(out, line.message, false);
  for (const LogField& field : line.fields) {
    out += ' ';
    AppendEscaped(out, field.key, false);
    out += '=';
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      AppendText(out, *text);
    } else {
      std::visit([&](const auto& value) { out += nlohmann::json(value).dump(); }, field.value);
    }
  }
  return out;
}

std::string_view LoggerName(std::string_view file) {
  const size_t slash = file.rfind('/');
  if (slash == std::string_view::npos) return "leasehold";
  const std::string_view directory = file.substr(0, slash);
  return directory.substr(directory.rfind('/') + 1);
}

}  // namespace leasehold
