#include "server/crontab_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/cron/crontab.h"
#include "server/logging/log.h"

namespace leasehold {
namespace {

absl::StatusOr<std::string> ReadText(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxCrontabBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("cannot read the crontab %s: %s", path, std::strerror(errno)));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

using Specs = std::map<std::string, const CronSpec*>;

Specs SpecsOf(const std::vector<CronEntry>& entries) {
  Specs specs;
  for (const CronEntry& entry : entries) specs[entry.spec.identifier] = &entry.spec;
  return specs;
}

// The identifiers of `ours` that `wanted` says, given what others have under the same.
template <typename Wanted>
std::string Names(const Specs& ours, const Specs& others, Wanted wanted) {
  std::vector<std::string> names;
  for (const auto& [identifier, spec] : ours) {
    const auto other = others.find(identifier);
    if (wanted(*spec, other == others.end() ? nullptr : other->second)) names.push_back(identifier);
  }
  return absl::StrJoin(names, " ");
}

}  // namespace

absl::Status CrontabFile::Read() {
  if (path_.empty()) return absl::OkStatus();
  const auto text = ReadText(path_);
  if (!text.ok()) return text.status();
  Crontab crontab = ParseCrontab(*text);
  if (!crontab.errors.empty()) {
    std::string faults = FormatErrors(crontab.errors, path_);
    faults.pop_back();
    return absl::InvalidArgumentError(faults);
  }
  entries_ = std::move(crontab.entries);
  return absl::OkStatus();
}

bool CrontabFile::ReadAgain() {
  if (path_.empty()) return false;
  const std::vector<CronEntry> before = entries_;
  if (const absl::Status status = Read(); !status.ok()) {
    for (const auto fault : absl::StrSplit(status.message(), '\n')) {
      Log::Error("the crontab file is wrong: the crons stay as they were",
                 {{"fault", std::string(fault)}});
    }
    return false;
  }
  const Specs old_specs = SpecsOf(before);
  const Specs new_specs = SpecsOf(entries_);
  const auto missing = [](const CronSpec&, const CronSpec* other) { return other == nullptr; };
  const auto differs = [](const CronSpec& spec, const CronSpec* other) {
    return other != nullptr && !(spec == *other);
  };
  Log::Info("the crontab file was read again", {{"file", path_},
                                                {"crons", static_cast<int64_t>(entries_.size())},
                                                {"added", Names(new_specs, old_specs, missing)},
                                                {"changed", Names(new_specs, old_specs, differs)},
                                                {"removed", Names(old_specs, new_specs, missing)}});
  return true;
}

}  // namespace leasehold
