#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold {

// What a configuration file says about one flag.
struct FileValue {
  std::string text;    // as on the command line; of `NAME-file`, the path
  std::string origin;  // "PATH:LINE"
};

// What a configuration file says about all of them, in the order of Flags().
struct ConfigFile {
  std::vector<std::optional<FileValue>> values;  // of NAME
  std::vector<std::optional<FileValue>> paths;   // of NAME-file
  std::vector<bool> bad;                         // whether a fault is about this flag
  std::vector<std::string> faults;  // "PATH:LINE:COLUMN: what is wrong", in the file's order
  bool readable = true;             // false: it is no TOML, and says nothing about any flag
};

// Reads a configuration file in TOML: each flag by its name, with dashes or underscores, at the top
// or in the table of its group ([serving], [database], ...). Reports what stands there and is no
// flag, has the wrong type, a value that the flag refuses, or is given twice. Of a text that is no
// TOML only the first fault is known.
ConfigFile ReadConfigFile(const std::string& path, std::string_view text);

}  // namespace leasehold
