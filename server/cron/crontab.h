#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/cron/cron_spec.h"

namespace leasehold {

inline constexpr size_t kMaxCrontabBytes = 1 << 20;
inline constexpr size_t kMaxCrontabEntries = 10'000;

struct CrontabError {
  int line = 0;    // from 1
  int column = 0;  // from 1, in bytes
  std::string message;
};

struct Crontab {
  // In the order of the file.
  std::vector<CronEntry> entries;
  // Every fault, not the first, up to 1,000 of them; with any of them the crontab is not to be
  // used.
  std::vector<CrontabError> errors;
};

// Reads the text of a crontab: docs/cron.md has its grammar.
Crontab ParseCrontab(std::string_view text);

// "crontab:3:7: ...", one line each with a line feed, under the name of the file.
std::string FormatErrors(const std::vector<CrontabError>& errors, std::string_view file);

}  // namespace leasehold
