#include "client/cli/task_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "tests/cli/scripts.h"

namespace leasehold::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class TaskDirectoryTest : public testing::Test {
 protected:
  TaskDirectory Read() {
    const auto found = ReadTaskDirectory(scripts_.path());
    EXPECT_TRUE(found.ok()) << found.status();
    return found.value_or(TaskDirectory());
  }

  ScriptDirectory scripts_;
};

TEST_F(TaskDirectoryTest, NamesATaskAfterItsFileWithoutTheExtension) {
  scripts_.WriteScript("hello", "");
  scripts_.WriteScript("resize.py", "");
  scripts_.WriteScript("mail.send.sh", "");

  EXPECT_THAT(Read().handlers, ElementsAre(Pair("hello", scripts_.path("hello")),
                                           Pair("mail.send", scripts_.path("mail.send.sh")),
                                           Pair("resize", scripts_.path("resize.py"))));
}

TEST_F(TaskDirectoryTest, NamesFilesThatMayNotBeExecuted) {
  scripts_.Write("README.md", "", 0644);
  EXPECT_THAT(Read().handlers, IsEmpty());
  EXPECT_THAT(Read().not_executable, ElementsAre("README.md"));
}

TEST_F(TaskDirectoryTest, PassesOverHiddenFilesBackupsAndDirectories) {
  scripts_.WriteScript(".hello.swp", "");
  scripts_.WriteScript("hello.sh~", "");
  scripts_.WriteScript("#hello.sh#", "");
  std::filesystem::create_directory(scripts_.path("lib"));

  EXPECT_THAT(Read().handlers, IsEmpty());
  EXPECT_THAT(Read().not_executable, IsEmpty());
}

TEST_F(TaskDirectoryTest, FollowsSymbolicLinksAndPassesOverBrokenOnes) {
  scripts_.WriteScript(".real", "");
  std::filesystem::create_symlink(".real", scripts_.path("linked"));
  std::filesystem::create_symlink("nowhere", scripts_.path("broken"));

  EXPECT_THAT(Read().tasks(), ElementsAre("linked"));
}

TEST_F(TaskDirectoryTest, RefusesTwoFilesForOneTask) {
  scripts_.WriteScript("hello.py", "");
  scripts_.WriteScript("hello.sh", "");
  scripts_.WriteScript("resize", "");
  scripts_.WriteScript("resize.sh", "");

  const absl::Status status = ReadTaskDirectory(scripts_.path()).status();

  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("both handle task \"hello\""));
  EXPECT_THAT(std::string(status.message()), HasSubstr("both handle task \"resize\""));
}

TEST_F(TaskDirectoryTest, RefusesATaskLongerThanTheServerTakes) {
  scripts_.WriteScript(std::string(129, 'x'), "");
  EXPECT_TRUE(absl::IsInvalidArgument(ReadTaskDirectory(scripts_.path()).status()));
}

TEST_F(TaskDirectoryTest, NamesADirectoryThatIsNotThere) {
  const absl::Status status = ReadTaskDirectory(scripts_.path("missing")).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("/missing: No such file"));
}

}  // namespace
}  // namespace leasehold::cli
