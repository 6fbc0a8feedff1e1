#include "tests/postgres/scratch_directory.h"

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace leasehold::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "/tmp/lh-";

void RemoveLeftovers() {
  std::error_code ignored;
  const auto yesterday = fs::file_time_type::clock::now() - std::chrono::hours(24);
  for (const auto& entry : fs::directory_iterator("/tmp", ignored)) {
    const bool ours = entry.path().string().starts_with(kPrefix);
    if (!ours || entry.last_write_time(ignored) > yesterday) continue;
    fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

ScratchDirectory::ScratchDirectory() : path_(std::string(kPrefix) + "XXXXXX"), owner_(getpid()) {
  RemoveLeftovers();
  if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  if (getpid() == owner_) fs::remove_all(path_, ignored);
}

}  // namespace leasehold::testing
