#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace leasehold {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// kAuto: text on a terminal, else one JSON object a line.
enum class LogFormat { kAuto, kText, kJson };

// A named value of a log line. It only refers to text it is given: build it in the call.
struct LogField {
  template <typename Integer>
  requires std::is_integral_v<Integer> &&
      (!std::is_same_v<Integer, bool>)LogField(std::string_view key, Integer value)
      : key(key) {
    if constexpr (std::is_signed_v<Integer>) {
      this->value = static_cast<int64_t>(value);
    } else {
      this->value = static_cast<uint64_t>(value);
    }
  }
  LogField(std::string_view key, bool value) : key(key), value(value) {}
  LogField(std::string_view key, double value) : key(key), value(value) {}
  LogField(std::string_view key, std::string_view value) : key(key), value(value) {}
  LogField(std::string_view key, const std::string& value)
      : key(key), value(std::string_view(value)) {}
  LogField(std::string_view key, const char* value) : key(key), value(std::string_view(value)) {}

  std::string_view key;
  std::variant<int64_t, uint64_t, bool, double, std::string_view> value;
};

using LogFields = std::initializer_list<LogField>;

// The server's log, used as `Log::Info("job swept", {{"job_id", id}, {"task", task}})`. The message
// is a fixed phrase; what varies goes into fields. Text from outside is safe in both: it cannot
// begin a line of its own. The name of the logger is the directory of the calling file.
//
// Thread-safe. Never blocks: when nobody reads the log, the oldest waiting lines are lost. Before
// InitLogging and after ShutdownLogging, warnings and errors go straight to stderr.
class Log {
 public:
  static void Debug(std::string_view message, LogFields fields = {},
                    const char* file = __builtin_FILE());
  static void Info(std::string_view message, LogFields fields = {},
                   const char* file = __builtin_FILE());
  static void Warning(std::string_view message, LogFields fields = {},
                      const char* file = __builtin_FILE());
  static void Error(std::string_view message, LogFields fields = {},
                    const char* file = __builtin_FILE());

  // Whether a line of this level would be written: ask before costly fields are computed.
  static bool Enabled(LogLevel level);
};

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kAuto;
  int fd = 2;  // where the lines go
};

// Starts the thread that writes the log. Call once, before other threads start.
void InitLogging(const LogOptions& options);

// Writes what is waiting, for at most a second, and ends the thread.
void ShutdownLogging();

// How many lines were lost because nobody read the log.
uint64_t DroppedLogLines();

}  // namespace leasehold
