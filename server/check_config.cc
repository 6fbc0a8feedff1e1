#include "server/check_config.h"

#include <sys/stat.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/crontab_file.h"
#include "server/store/connection_string.h"
#include "server/store/embedded/postgres_binaries.h"

namespace leasehold {

absl::Status CheckConfig(const Config& config) {
  std::vector<std::string> faults;
  const auto check = [&faults](const char* flag, const absl::Status& status) {
    if (!status.ok()) faults.push_back(absl::StrCat(flag, ": ", std::string(status.message())));
  };
  if (!config.database_url.empty()) {
    check("--database-url", store::ConnectionString(config.database_url, "check").status());
  } else {
    check("--pg-bin-dir", store::FindPostgresBinaries(config.pg_bin_dir, std::nullopt).status());
  }
  if (const absl::Status status = CrontabFile(config.crontab).Read(); !status.ok()) {
    faults.emplace_back(status.message());
  }
  if (faults.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
}

std::string WarnOfReaders(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0) return "";
  return absl::StrFormat(
      "%s holds a password and everybody may read it: chmod o-r it, or move the password into a "
      "file of its own that database-url-file names",
      path);
}

}  // namespace leasehold
