#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"

// What a shell may complete, as the commands define it.
namespace leasehold::cli {

enum class ValueKind {
  kNone,      // a flag, or a value that need not be given
  kAnything,  // nothing to propose
  kChoice,
  kFile,
  kDirectory,
};

struct OptionWords {
  // "--output", "-o".
  std::vector<std::string> names;
  std::string description;
  ValueKind kind = ValueKind::kNone;
  // What the help calls the value.
  std::string value_name;
  // Of a kChoice.
  std::vector<std::string> choices;
};

struct CommandWords {
  std::vector<std::string> names;
  std::string description;
  std::vector<OptionWords> options;
  // For its arguments; empty: there is nothing to propose.
  std::vector<std::string> choices;
};

struct CompletionWords {
  // Of all commands.
  std::vector<OptionWords> options;
  std::vector<CommandWords> commands;
};

// Reads the tree of commands. The type name of a value says what it may be: "a|b", FILE, DIR.
CompletionWords WordsOf(const CLI::App& app);

}  // namespace leasehold::cli
