#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "tests/conformance/case.h"
#include "tests/end_to_end/eventually.h"
#include "tests/end_to_end/server_process.h"

// The executor of docs/write-your-own-executor.md at a real server.
namespace leasehold::conformance {
namespace {

using client::JobState;
using ::testing::HasSubstr;

class TheGoExample : public ::testing::Test {
 protected:
  testing::ServerProcess server_{{.flags = {"--ephemeral"}}};
  testing::Process executor_ =
      RunExecutor({{"LEASEHOLD_SERVER", server_.address()}, {"CONFORMANCE_CONCURRENCY", "4"}});
};

TEST_F(TheGoExample, RunsTheJobsOfARealServer) {
  client::Client& client = server_.client();
  const auto hello = client.AddJob({.task = "hello", .payload = R"({"name": "you"})"});
  const auto fails = client.AddJob({.task = "fail", .payload = R"({"error": "no such file"})"});
  ASSERT_TRUE(hello.ok() && fails.ok());
  EXPECT_TRUE(
      testing::Eventually([&] { return absl::IsNotFound(client.GetJob(*hello).status()); }));
  EXPECT_TRUE(testing::Eventually([&] {
    const auto job = client.GetJob(*fails);
    return job.ok() && job->state == JobState::kScheduled && job->attempts == 1;
  }));
  EXPECT_EQ(client.GetJob(*fails)->last_error, "no such file");
  EXPECT_THAT(executor_.Errors(), HasSubstr(R"(hello, {"name": "you"})"));
}

TEST_F(TheGoExample, GoesOnAfterTheServerIsRestarted) {
  ASSERT_TRUE(server_.client().AddJob({.task = "complete"}).ok());
  EXPECT_TRUE(
      testing::Eventually([&] { return server_.client().GetStats()->completed_total == 1; }));
  server_.Kill();
  server_.Restart();
  ASSERT_TRUE(server_.client().AddJob({.task = "complete"}).ok());
  EXPECT_TRUE(
      testing::Eventually([&] { return server_.client().GetStats()->completed_total == 1; }));
}

}  // namespace
}  // namespace leasehold::conformance
