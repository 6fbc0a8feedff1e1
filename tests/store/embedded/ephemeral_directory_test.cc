#include "server/store/embedded/ephemeral_directory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "tests/postgres/scratch_directory.h"

namespace leasehold::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class EphemeralDirectoryTest : public ::testing::Test {
 protected:
  EphemeralDirectoryTest() { setenv("TMPDIR", temporary_.path().c_str(), 1); }
  ~EphemeralDirectoryTest() override { unsetenv("TMPDIR"); }

  // What a server has left that was killed.
  std::string LeftOver(const std::string& name = "leasehold-ephemeral-killed") {
    const std::string path = temporary_.path() + "/" + name;
    fs::create_directories(path + "/postgres/data/base");
    std::ofstream(path + "/postgres/data/base/1") << "rows";
    std::ofstream(path + "/lock") << "123\n";
    return path;
  }

  leasehold::testing::ScratchDirectory temporary_;
};

TEST_F(EphemeralDirectoryTest, GoesWithItsObject) {
  std::string path;
  {
    std::optional<EphemeralDirectory> directory;
    directory.emplace(EphemeralDirectory::Make().value());
    path = directory->path();
    EXPECT_THAT(path, StartsWith(temporary_.path() + "/leasehold-ephemeral-"));
    struct stat status = {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
    fs::create_directories(path + "/postgres/data");
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(EphemeralDirectoryTest, TakesAwayWhatAKilledServerLeft) {
  const std::string left = LeftOver();
  const auto directory = EphemeralDirectory::Make();
  ASSERT_TRUE(directory.ok()) << directory.status();
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(directory->path()));
}

TEST_F(EphemeralDirectoryTest, LeavesThoseOfOtherServersAlone) {
  const std::string used = LeftOver();
  const int lock = open((used + "/lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(lock, LOCK_EX | LOCK_NB), 0);
  const std::string being_made = LeftOver("leasehold-ephemeral-new");
  fs::resize_file(being_made + "/lock", 0);
  const auto directory = EphemeralDirectory::Make();
  const auto another = EphemeralDirectory::Make();
  ASSERT_TRUE(directory.ok() && another.ok());
  EXPECT_TRUE(fs::exists(used + "/postgres/data/base/1"));
  EXPECT_TRUE(fs::exists(being_made + "/postgres/data/base/1"));
  EXPECT_TRUE(fs::exists(directory->path()));
  close(lock);
}

TEST_F(EphemeralDirectoryTest, LeavesWhateverHasAnotherNameOrIsNoDirectory) {
  const std::string other = LeftOver("leasehold-data");
  fs::create_directory_symlink(other, temporary_.path() + "/leasehold-ephemeral-link");
  std::ofstream(temporary_.path() + "/leasehold-ephemeral-file") << "text";
  ASSERT_TRUE(EphemeralDirectory::Make().ok());
  EXPECT_TRUE(fs::exists(other + "/postgres/data/base/1"));
  EXPECT_TRUE(fs::exists(temporary_.path() + "/leasehold-ephemeral-link"));
  EXPECT_TRUE(fs::exists(temporary_.path() + "/leasehold-ephemeral-file"));
}

TEST_F(EphemeralDirectoryTest, SaysWhatToDoWithoutATemporaryDirectory) {
  setenv("TMPDIR", (temporary_.path() + "/none").c_str(), 1);
  EXPECT_THAT(std::string(EphemeralDirectory::Make().status().message()), HasSubstr("TMPDIR"));
}

}  // namespace
}  // namespace leasehold::store
