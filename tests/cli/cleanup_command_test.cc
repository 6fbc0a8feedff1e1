#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/cli/cli_test.h"

namespace leasehold::cli {
namespace {

using ::testing::IsEmpty;

using CleanupCommandTest = CliTest;

TEST_F(CleanupCommandTest, CleansUpPageAfterPage) {
  server_.cleaned_up = {10'000, 10'000, 5};
  ASSERT_EQ(Run({"cleanup"}), kExitOk);
  EXPECT_EQ(out_,
            "delete-permanently-failed-jobs: 20005 deleted\n"
            "gc-task-identifiers: nothing to collect here\n"
            "gc-job-queues: nothing to collect here\n");
  ASSERT_EQ(server_.clean_up_requests.size(), 3u);
  EXPECT_EQ(server_.clean_up_requests[2].page_token(), "2");
}

TEST_F(CleanupCommandTest, CleansUpWhatHasNotChangedForATime) {
  server_.cleaned_up = {7};
  ASSERT_EQ(Run({"cleanup", "delete-permanently-failed-jobs", "--older-than", "48h", "--json"}),
            kExitOk);
  EXPECT_EQ(server_.clean_up_requests[0].unchanged_for().seconds(), 172'800);
  EXPECT_EQ(out_,
            "{\"deleted_jobs\":7,\"collected_task_identifiers\":0,\"collected_job_queues\":0}\n");
}

TEST_F(CleanupCommandTest, SaysWhatWasCleanedUpBeforeAnError) {
  server_.cleaned_up = {10'000, -1};
  server_.status = grpc::Status(grpc::StatusCode::INTERNAL, "the disk is full");
  EXPECT_EQ(Run({"cleanup"}), kExitError);
  EXPECT_EQ(err_, "leasehold: the disk is full; deleted before: 10000 jobs\n");
  EXPECT_THAT(out_, IsEmpty());
}

TEST_F(CleanupCommandTest, TakesEverySpellingOfTheCleanupTasks) {
  const std::vector<std::vector<std::string>> deleting = {
      {"delete-permanently-failed-jobs"},
      {"DELETE_PERMAFAILED_JOBS"},
      {"GC_TASK_IDENTIFIERS,DELETE_PERMAFAILED_JOBS"},
      {"gc-job-queues", "delete-permafailed-jobs"}};
  for (const auto& tasks : deleting) {
    server_.clean_up_requests.clear();
    std::vector<std::string> command = {"cleanup"};
    command.insert(command.end(), tasks.begin(), tasks.end());
    ASSERT_EQ(Run(command), kExitOk) << err_;
    EXPECT_EQ(server_.clean_up_requests.size(), 1u) << out_;
  }
  server_.clean_up_requests.clear();
  ASSERT_EQ(Run({"cleanup", "GC_JOB_QUEUES,gc-task-identifiers"}), kExitOk);
  EXPECT_THAT(server_.clean_up_requests, IsEmpty());
  EXPECT_EQ(
      out_,
      "gc-task-identifiers: nothing to collect here\ngc-job-queues: nothing to collect here\n");
}

TEST_F(CleanupCommandTest, RefusesUnknownTasks) {
  ExpectUsageErrors({
      {"cleanup", "everything"},
      {"cleanup", "gc-job-queues,"},
      {"cleanup", "--older-than", "long"},
  });
}

}  // namespace
}  // namespace leasehold::cli
