#pragma once

#include <optional>
#include <string>
#include <vector>

namespace leasehold {

// What a command line says about one flag.
struct Spelled {
  std::optional<std::string> value;
  std::optional<std::string> file;          // of --NAME-file
  std::optional<std::string> milliseconds;  // of its spelling whose bare numbers are milliseconds
};

// A command line, taken apart; nothing is known of its values yet.
struct CommandLine {
  std::vector<Spelled> spelled;  // in the order of Flags()
  std::optional<std::string> config;
  bool help = false;
  bool version = false;
  bool print_config = false;
  bool check_config = false;
  std::vector<std::string> faults;  // unknown flags and stray arguments
};

CommandLine ReadCommandLine(const std::vector<std::string>& args);

}  // namespace leasehold
