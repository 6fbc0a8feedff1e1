#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "tests/end_to_end/end_to_end_test.h"

// `leasehold` itself: its handlers are programs of a directory.
namespace leasehold::testing {
namespace {

using client::JobState;
using ::testing::HasSubstr;

class WorkCommandTest : public EndToEndTest {
 protected:
  void Script(const std::string& name, const std::string& body) {
    WriteFile(directory_.path() + "/" + name, "#!/bin/sh\n" + body + "\n", 0755);
  }

  std::unique_ptr<Process> Work(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"work", "--tasks", directory_.path(), "-j", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<Process>(
        Runfile("client/cli/leasehold"),
        Process::Options{.arguments = arguments,
                         .environment = {{"LEASEHOLD_SERVER", server_.address()}}});
  }

  Ended Leasehold(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", server_.address()});
    return RunProgram(Runfile("client/cli/leasehold"), {.arguments = std::move(arguments)});
  }

  ScratchDirectory directory_;
};

TEST_F(WorkCommandTest, EndsAJobAsTheExitStatusSays) {
  Script("completes", "exit 0");
  Script("retries", "echo first >&2; echo 'try later' >&2; exit 75");
  Script("refuses.sh", "echo 'bad data' >&2; exit 65");
  Script("breaks.sh", "exit 3");
  const std::string completes = Add({.task = "completes"});
  const std::string retries = Add({.task = "retries"});
  const std::string refuses = Add({.task = "refuses"});
  const std::string breaks = Add({.task = "breaks"});
  const auto work = Work();

  const client::Job retried = Await(retries, JobState::kScheduled);
  EXPECT_EQ(retried.last_error, "try later");
  EXPECT_EQ(retried.attempts, 1);
  EXPECT_EQ(Await(refuses, JobState::kFailed).last_error, "bad data");
  EXPECT_EQ(Await(breaks, JobState::kScheduled).last_error, "exit status 3");
  EXPECT_TRUE(
      Eventually([&] { return absl::IsNotFound(server_.client().GetJob(completes).status()); }));
  work->Signal(SIGTERM);
  EXPECT_EQ(work->Wait(), Exit{}) << work->Errors();
}

TEST_F(WorkCommandTest, GivesAHandlerThePayloadAndTheJob) {
  const ScratchDirectory results;
  Script("tell", "{ cat; env | grep ^LEASEHOLD_ | sort; } > " + results.path() + "/new && mv " +
                     results.path() + "/new " + results.path() + "/told");
  const std::string id = Add(
      {.task = "tell", .payload = R"({"a": "b"})", .queue = "q", .max_attempts = 4, .key = "k"});
  const auto work = Work();
  ASSERT_TRUE(Eventually([&] { return std::filesystem::exists(results.path() + "/told"); }));
  const std::string told = ReadFile(results.path() + "/told");
  EXPECT_THAT(told, ::testing::StartsWith(R"({"a": "b"})"));
  EXPECT_THAT(told, HasSubstr("LEASEHOLD_JOB_ID=" + id + "\n"));
  EXPECT_THAT(told, HasSubstr("LEASEHOLD_TASK=tell\n"));
  EXPECT_THAT(told, HasSubstr("LEASEHOLD_ATTEMPT=1\n"));
  EXPECT_THAT(told, HasSubstr("LEASEHOLD_MAX_ATTEMPTS=4\n"));
  EXPECT_THAT(told, HasSubstr("LEASEHOLD_KEY=k\n"));
  EXPECT_THAT(told, HasSubstr("LEASEHOLD_QUEUE=q\n"));
  EXPECT_THAT(told, HasSubstr("LEASEHOLD_FENCING_NUMBER="));
  EXPECT_THAT(told, HasSubstr("LEASEHOLD_SERVER=" + server_.address() + "\n"));
  EXPECT_TRUE(AwaitNoJobs());
}

TEST_F(WorkCommandTest, LeavesNothingBehindWhenItRunsOnce) {
  Script("hello", "cat >/dev/null");
  for (int n = 0; n < 10; ++n) Add({.task = "hello"});
  const auto work = Work({"--once"});
  EXPECT_EQ(work->Wait(), Exit{}) << work->Errors();
  EXPECT_TRUE(AwaitNoJobs());
}

TEST_F(WorkCommandTest, TakesANewHandlerWhileItWatches) {
  Script("hello", "exit 0");
  const auto work = Work({"--watch"});
  Add({.task = "hello"});
  ASSERT_TRUE(AwaitNoJobs());
  Add({.task = "later"});
  EXPECT_EQ(Stats().ready, 1);
  // By rename: it is complete before it has its name.
  Script(".later", "exit 0");
  std::filesystem::rename(directory_.path() + "/.later", directory_.path() + "/later");
  EXPECT_TRUE(AwaitNoJobs());
}

TEST_F(WorkCommandTest, AddsShowsListsAndRemovesJobs) {
  const Ended added = Leasehold(
      {"add", "hello", "--payload", R"({"n":1})", "--key", "k", "--delay", "1h", "--queue", "q"});
  EXPECT_EQ(added.exit, Exit{}) << added.errors;
  const std::string id = added.output.substr(0, added.output.find('\n'));
  EXPECT_EQ(Get(id).key, "k");
  EXPECT_THAT(Leasehold({"show", id}).output, HasSubstr("hello"));
  EXPECT_THAT(Leasehold({"list"}).output, HasSubstr(id));
  EXPECT_THAT(Leasehold({"stats"}).output, HasSubstr("scheduled"));
  EXPECT_EQ(Leasehold({"remove", "k"}).exit, Exit{});
  const Ended gone = Leasehold({"show", id});
  EXPECT_NE(gone.exit, Exit{});
  EXPECT_THAT(gone.errors, HasSubstr(id));
}

}  // namespace
}  // namespace leasehold::testing
