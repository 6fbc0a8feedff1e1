#include "server/cron/crontab_options.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "server/base/utf8.h"
#include "server/cron/text.h"

namespace leasehold {
namespace {

struct Option {
  std::string_view name;
  std::string_view field;
};
// The first name of a field is the one that messages use.
constexpr std::array<Option, 17> kOptions = {{
    {"id", "identifier"},
    {"fill", "fill"},
    {"max", "max_attempts"},
    {"queue", "queue_name"},
    {"jobKey", "key"},
    {"jobKeyMode", "if_exists"},
    {"priority", "priority"},
    {"tz", "time_zone"},
    {"flags", "flags"},
    {"identifier", "identifier"},
    {"maxAttempts", "max_attempts"},
    {"max_attempts", "max_attempts"},
    {"queueName", "queue_name"},
    {"queue_name", "queue_name"},
    {"job_key", "key"},
    {"job_key_mode", "if_exists"},
    {"time_zone", "time_zone"},
}};
constexpr std::string_view kKnownOptions =
    "id, fill, max, queue, jobKey, jobKeyMode, priority, tz, flags";

// Empty if there is no such option.
std::string_view FieldOf(std::string_view name) {
  for (const Option& option : kOptions) {
    if (option.name == name) return option.field;
  }
  return "";
}

// Digits with a minus sign before them or not. What is out of every range stays so.
bool ReadNumber(std::string_view text, int& number) {
  const std::string_view digits = text.substr(!text.empty() && text[0] == '-' ? 1 : 0);
  if (digits.empty()) return false;
  for (const char c : digits) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  if (!ReadInteger(text, number)) {
    number = digits.size() == text.size() ? std::numeric_limits<int>::max()
                                          : std::numeric_limits<int>::min();
  }
  return true;
}

class OptionReader {
 public:
  OptionReader(CronSpec& spec, OptionPlaces& places, std::vector<TextFault>& faults)
      : spec_(spec), places_(places), faults_(faults) {}

  void Read(std::string_view text) {
    size_t at = 0;
    for (const std::string_view option : Split(text, '&')) {
      ReadOption(at, option);
      at += option.size() + 1;
    }
    if (places_.contains("if_exists") && !places_.contains("key")) {
      Fail(places_["if_exists"], "jobKeyMode needs a jobKey");
      spec_.key_mode = KeyMode::kReplace;
    }
  }

 private:
  void Fail(size_t at, std::string message) { faults_.push_back({at, std::move(message)}); }

  void ReadOption(size_t at, std::string_view option) {
    const size_t equals = option.find('=');
    const std::string_view name = option.substr(0, equals);
    const std::string_view field = FieldOf(name);
    if (option.empty()) return Fail(at, "expected an option between '?', '&' and the blank");
    if (field.empty()) {
      return Fail(at, absl::StrFormat("unknown option '%s'; known are %s", name, kKnownOptions));
    }
    if (equals == std::string_view::npos) {
      return Fail(at, absl::StrFormat("option %s needs a value: write '%s=...'", name, name));
    }
    const size_t value_at = at + equals + 1;
    if (!places_.emplace(field, value_at).second) {
      return Fail(at, absl::StrFormat("option %s is given twice", NameInCrontab(field)));
    }
    const std::string_view value = option.substr(equals + 1);
    if (field == "flags") return ReadFlags(value_at, value);
    std::string text;
    if (Decode(value_at, value, text)) Set(field, value_at, std::move(text));
  }

  void ReadFlags(size_t at, std::string_view value) {
    for (const std::string_view flag : Split(value, ',')) {
      std::string text;
      if (Decode(at, flag, text)) spec_.flags.push_back(std::move(text));
      at += flag.size() + 1;
    }
  }

  // As in a web address: %20 and + are a space.
  bool Decode(size_t at, std::string_view value, std::string& text) {
    for (size_t i = 0; i < value.size(); ++i) {
      if (value[i] != '%') {
        text += value[i] == '+' ? ' ' : value[i];
        continue;
      }
      const std::string_view hex = value.substr(i + 1, 2);
      uint32_t byte = 0;
      if (hex.size() < 2 || !absl::ascii_isxdigit(hex[0]) || !absl::ascii_isxdigit(hex[1]) ||
          !ReadInteger(hex, byte, 16)) {
        Fail(at + i, "'%' needs two hexadecimal digits behind it; '%25' is a percent sign");
        return false;
      }
      text += static_cast<char>(byte);
      i += 2;
    }
    if (IsUtf8(text)) return true;
    Fail(at, "the value, decoded, is not valid UTF-8");
    return false;
  }

  void Set(std::string_view field, size_t at, std::string text) {
    if (field == "identifier") return SetIdentifier(at, std::move(text));
    if (field == "fill") return SetFill(at, text);
    if (field == "max_attempts") return SetInteger(at, field, text, spec_.max_attempts);
    if (field == "priority") return SetInteger(at, field, text, spec_.priority);
    if (field == "if_exists") return SetKeyMode(at, text);
    if (field == "time_zone") return SetTimeZone(at, std::move(text));
    (field == "queue_name" ? spec_.queue_name : spec_.key) = std::move(text);
  }

  // Empty would mean the default elsewhere.
  void SetIdentifier(size_t at, std::string text) {
    if (text.empty()) Fail(at, "id must have 1 to 128 characters, not 0");
    spec_.identifier = std::move(text);
  }

  void SetTimeZone(size_t at, std::string text) {
    if (text.empty()) Fail(at, "tz must be Area/City, as in Europe/Berlin");
    if (text.find(' ') != std::string::npos) return Fail(at, "tz holds a space; '%2B' is a plus");
    spec_.time_zone = std::move(text);
  }

  void SetFill(size_t at, std::string_view text) {
    if (ReadPeriod(text, spec_.fill)) return;
    spec_.fill = absl::ZeroDuration();
    Fail(at, absl::StrFormat("fill must be numbers with the units s, m, h, d or w, as in 1d12h, "
                             "not '%s'",
                             text));
  }

  void SetInteger(size_t at, std::string_view field, std::string_view text, int& number) {
    if (ReadNumber(text, number)) return;
    Fail(at, absl::StrFormat("%s must be a whole number, not '%s'", NameInCrontab(field), text));
  }

  void SetKeyMode(size_t at, std::string_view text) {
    if (text == "replace") {
      spec_.key_mode = KeyMode::kReplace;
    } else if (text == "preserve_run_at") {
      spec_.key_mode = KeyMode::kPreserveRunAt;
    } else if (text == "unsafe_dedupe") {
      spec_.key_mode = KeyMode::kUnsafeDedupe;
    } else {
      Fail(at, absl::StrFormat("jobKeyMode must be replace, preserve_run_at or unsafe_dedupe, not "
                               "'%s'",
                               text));
    }
  }

  CronSpec& spec_;
  OptionPlaces& places_;
  std::vector<TextFault>& faults_;
};

}  // namespace

bool ReadPeriod(std::string_view text, absl::Duration& period) {
  static constexpr std::string_view kUnits = "smhdw";
  static constexpr std::array<int64_t, 5> kSeconds = {1, 60, 3600, 86'400, 604'800};
  if (text.empty()) return false;
  period = absl::ZeroDuration();
  while (!text.empty()) {
    size_t size = 0;
    while (size < text.size() && absl::ascii_isdigit(text[size])) ++size;
    const size_t unit = size < text.size() ? kUnits.find(text[size]) : std::string_view::npos;
    if (size == 0 || unit == std::string_view::npos) return false;
    int64_t count = 0;
    if (!ReadInteger(text.substr(0, size), count)) count = std::numeric_limits<int64_t>::max();
    period += absl::Seconds(kSeconds[unit]) * count;  // saturates
    text.remove_prefix(size + 1);
  }
  return true;
}

void ReadCrontabOptions(std::string_view text, CronSpec& spec, OptionPlaces& places,
                        std::vector<TextFault>& faults) {
  OptionReader(spec, places, faults).Read(text);
}

std::string_view NameInCrontab(std::string_view field) {
  for (const Option& option : kOptions) {
    if (option.field == field) return option.name;
  }
  return field;
}

}  // namespace leasehold
