#include "client/cli/directory_watch.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <semaphore>
#include <string>

#include "tests/cli/scripts.h"

namespace leasehold::cli {
namespace {

class DirectoryWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    auto watch = DirectoryWatch::Start(scripts_.path(), [this] {
      changes_.release();
      if (std::filesystem::exists(scripts_.path("hello"))) hello_seen_.release();
    });
    ASSERT_TRUE(watch.ok()) << watch.status();
    watch_ = *std::move(watch);
  }

  // Fails the test if no change is reported.
  void AwaitChange() { EXPECT_TRUE(changes_.try_acquire_for(std::chrono::seconds(60))); }
  // The same, if no change is reported while there is a file "hello".
  void AwaitHello() { EXPECT_TRUE(hello_seen_.try_acquire_for(std::chrono::seconds(60))); }

  ScriptDirectory scripts_;
  std::counting_semaphore<> changes_{0};
  std::counting_semaphore<> hello_seen_{0};
  std::unique_ptr<DirectoryWatch> watch_;
};

TEST_F(DirectoryWatchTest, ReportsFilesAddedChangedAndRemoved) {
  const std::string file = scripts_.WriteScript("hello", "");
  AwaitChange();
  std::ofstream(file) << "more";
  AwaitChange();
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  AwaitChange();
  std::filesystem::remove(file);
  AwaitChange();
}

TEST_F(DirectoryWatchTest, ReportsManyChangesTogether) {
  for (int i = 0; i < 100; ++i) scripts_.WriteScript("hello" + std::to_string(i), "");
  AwaitChange();
  watch_.reset();
  EXPECT_FALSE(changes_.try_acquire());
}

TEST_F(DirectoryWatchTest, FollowsADirectoryThatIsRemovedAndMadeAgain) {
  std::filesystem::remove(scripts_.path());
  AwaitChange();
  std::filesystem::create_directory(scripts_.path());
  AwaitChange();
  scripts_.WriteScript("hello", "");
  AwaitHello();
}

TEST_F(DirectoryWatchTest, FollowsADirectoryThatIsReplaced) {
  const std::string next = scripts_.path() + ".next";
  std::filesystem::create_directory(next);
  std::filesystem::rename(scripts_.path(), scripts_.path() + ".old");
  std::filesystem::rename(next, scripts_.path());
  scripts_.WriteScript("hello", "");
  AwaitHello();
  std::filesystem::remove_all(scripts_.path() + ".old");
}

TEST(DirectoryWatchStartTest, RefusesWhatIsNoDirectory) {
  ScriptDirectory scripts;
  EXPECT_FALSE(DirectoryWatch::Start(scripts.WriteScript("file", ""), [] {}).ok());
  EXPECT_FALSE(DirectoryWatch::Start(scripts.path("missing"), [] {}).ok());
}

}  // namespace
}  // namespace leasehold::cli
