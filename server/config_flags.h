#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/config.h"

namespace leasehold {

enum class ValueKind { kText, kDuration, kNumber, kSize, kSwitch };

// One flag of the server: how it is written, explained, read into a Config and shown again.
struct Flag {
  std::string name;               // without dashes
  std::string other_names;        // further spellings, with dashes, comma-separated
  std::string milliseconds_name;  // a spelling, with dashes, whose bare numbers are milliseconds
  std::string group;              // the heading in --help
  std::string placeholder;        // what stands for the value in --help
  ValueKind kind = ValueKind::kText;
  std::string help;  // one sentence, with unit and limits; the default is added to it

  // Reads a value; the error says what is wrong with it and how it is written.
  std::function<absl::Status(const std::string& text, Config& config)> set;
  // The value as `set` reads it, secrets hidden.
  std::function<std::string(const Config& config)> show;

  // Whether it may stand on the command line without a value, which then is true.
  bool is_switch() const { return kind == ValueKind::kSwitch; }
};

// All flags that hold a value of Config, in the order of --help.
const std::vector<Flag>& Flags();

}  // namespace leasehold
