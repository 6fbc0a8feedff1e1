#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/config_flags.h"

namespace leasehold {

// The fault of a value: what was written, and what is wrong with it.
absl::Status BadValue(const std::string& text, const std::string& fault);

// Flags of one kind each: how its values are read into `field`, checked and shown again. Their
// group, help and other names are still to be filled in.
Flag DurationFlag(std::string name, absl::Duration Config::*field, absl::Duration least,
                  absl::Duration most);
Flag IntFlag(std::string name, int Config::*field, int least, int most);
Flag SizeFlag(std::string name, int64_t Config::*field, int64_t least, int64_t most);
Flag SwitchFlag(std::string name, bool Config::*field);

using TextCheck = absl::Status (*)(const std::string& text);
Flag TextFlag(std::string name, std::string Config::*field, std::string placeholder,
              TextCheck check);

template <typename Enum>
Flag ChoiceFlag(std::string name, Enum Config::*field,
                std::vector<std::pair<std::string, Enum>> choices) {
  const auto name_of = [](std::string* out, const std::pair<std::string, Enum>& choice) {
    out->append(choice.first);
  };
  Flag flag;
  flag.name = std::move(name);
  flag.placeholder = absl::StrJoin(choices, "|", name_of);
  flag.set = [=](const std::string& text, Config& config) -> absl::Status {
    for (const auto& [choice, value] : choices) {
      if (choice != text) continue;
      config.*field = value;
      return absl::OkStatus();
    }
    return BadValue(text, absl::StrFormat("is none of %s", absl::StrJoin(choices, ", ", name_of)));
  };
  flag.show = [=](const Config& config) {
    for (const auto& [choice, value] : choices) {
      if (value == config.*field) return choice;
    }
    return std::string();
  };
  return flag;
}

}  // namespace leasehold
