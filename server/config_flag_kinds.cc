#include "server/config_flag_kinds.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "absl/strings/ascii.h"

namespace leasehold {
namespace {

constexpr int64_t kKiB = 1024;
constexpr int64_t kMiB = 1024 * kKiB;

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<int64_t> ParseSize(const std::string& text) {
  static constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"", 1},       {"b", 1},      {"kb", 1000},        {"mb", 1000 * 1000}, {"gb", 1000000000},
      {"kib", kKiB}, {"mib", kMiB}, {"gib", 1024 * kMiB}};
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<int64_t> number = ParseInteger(std::string_view(text).substr(0, digits));
  if (!number.has_value()) return std::nullopt;
  const std::string unit = absl::AsciiStrToLower(text.substr(digits));
  for (const auto& [name, factor] : kUnits) {
    if (unit != name) continue;
    if (*number > INT64_MAX / factor) return std::nullopt;
    return *number * factor;
  }
  return std::nullopt;
}

std::string FormatSize(int64_t bytes) {
  if (bytes % kMiB == 0) return absl::StrFormat("%dMiB", bytes / kMiB);
  if (bytes % kKiB == 0) return absl::StrFormat("%dKiB", bytes / kKiB);
  return absl::StrFormat("%d", bytes);
}

}  // namespace

absl::Status BadValue(const std::string& text, const std::string& remedy) {
  return absl::InvalidArgumentError(absl::StrFormat("\"%s\" %s", text, remedy));
}

Flag DurationFlag(std::string name, absl::Duration Config::*field, absl::Duration least,
                  absl::Duration most) {
  Flag flag;
  flag.name = std::move(name);
  flag.kind = ValueKind::kDuration;
  flag.placeholder = "DURATION";
  flag.set = [=](const std::string& text, Config& config) -> absl::Status {
    absl::Duration duration;
    if (!absl::ParseDuration(text, &duration)) {
      return BadValue(text, "is not a duration: write 500ms, 30s or 5m");
    }
    if (duration < least || duration > most) {
      return BadValue(text, absl::StrFormat("is not from %s to %s", absl::FormatDuration(least),
                                            absl::FormatDuration(most)));
    }
    config.*field = duration;
    return absl::OkStatus();
  };
  flag.show = [=](const Config& config) { return absl::FormatDuration(config.*field); };
  return flag;
}

Flag IntFlag(std::string name, int Config::*field, int least, int most) {
  Flag flag;
  flag.name = std::move(name);
  flag.kind = ValueKind::kNumber;
  flag.placeholder = "N";
  flag.set = [=](const std::string& text, Config& config) -> absl::Status {
    const std::optional<int64_t> number = ParseInteger(text);
    if (!number.has_value() || *number < least || *number > most) {
      return BadValue(text, absl::StrFormat("is not a whole number from %d to %d", least, most));
    }
    config.*field = static_cast<int>(*number);
    return absl::OkStatus();
  };
  flag.show = [=](const Config& config) { return absl::StrFormat("%d", config.*field); };
  return flag;
}

Flag SizeFlag(std::string name, int64_t Config::*field, int64_t least, int64_t most) {
  Flag flag;
  flag.name = std::move(name);
  flag.kind = ValueKind::kSize;
  flag.placeholder = "SIZE";
  flag.set = [=](const std::string& text, Config& config) -> absl::Status {
    const std::optional<int64_t> bytes = ParseSize(text);
    if (!bytes.has_value()) return BadValue(text, "is not a size: write 64KiB, 1MiB, 1MB or bytes");
    if (*bytes < least || *bytes > most) {
      return BadValue(text,
                      absl::StrFormat("is not from %s to %s", FormatSize(least), FormatSize(most)));
    }
    config.*field = *bytes;
    return absl::OkStatus();
  };
  flag.show = [=](const Config& config) { return FormatSize(config.*field); };
  return flag;
}

Flag SwitchFlag(std::string name, bool Config::*field) {
  Flag flag;
  flag.name = std::move(name);
  flag.kind = ValueKind::kSwitch;
  if (Config().*field) flag.placeholder = "true|false";
  flag.set = [=](const std::string& text, Config& config) -> absl::Status {
    static constexpr std::string_view kTrue[] = {"", "true", "1", "yes", "on"};
    static constexpr std::string_view kFalse[] = {"false", "0", "no", "off"};
    const std::string lower = absl::AsciiStrToLower(text);
    const bool is_true = std::find(std::begin(kTrue), std::end(kTrue), lower) != std::end(kTrue);
    const bool is_false =
        std::find(std::begin(kFalse), std::end(kFalse), lower) != std::end(kFalse);
    if (!is_true && !is_false) return BadValue(text, "is neither true nor false");
    config.*field = is_true;
    return absl::OkStatus();
  };
  flag.show = [=](const Config& config) { return config.*field ? "true" : "false"; };
  return flag;
}

Flag TextFlag(std::string name, std::string Config::*field, std::string placeholder,
              TextCheck check) {
  Flag flag;
  flag.name = std::move(name);
  flag.placeholder = std::move(placeholder);
  flag.set = [=](const std::string& text, Config& config) -> absl::Status {
    if (absl::Status status = check(text); !status.ok()) return status;
    config.*field = text;
    return absl::OkStatus();
  };
  flag.show = [=](const Config& config) { return config.*field; };
  return flag;
}

}  // namespace leasehold
