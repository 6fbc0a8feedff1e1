#include "client/cli/cli.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/cli/cli_test.h"

namespace leasehold::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST_F(CliTest, TakesGlobalOptionsBeforeAndAfterTheCommand) {
  EXPECT_EQ(RunAnywhere({"--json", "add", "hello", "--server", server_.address()}), kExitOk);
  EXPECT_EQ(out_, "{\"id\":\"42\"}\n");
  EXPECT_EQ(RunAnywhere({"--server", server_.address(), "add", "hello", "--json"}), kExitOk);
  EXPECT_EQ(out_, "{\"id\":\"42\"}\n");
}

TEST_F(CliTest, TakesANumberOfConnectionsAndNeedsNone) {
  EXPECT_EQ(Run({"--max-connections", "20", "add", "hello"}), kExitOk);
  EXPECT_EQ(Run({"add", "hello", "--max-connections", "0"}), kExitUsage);
}

TEST_F(CliTest, FindsTheServerInTheEnvironment) {
  setenv("LEASEHOLD_SERVER", server_.address().c_str(), 1);
  EXPECT_EQ(RunAnywhere({"add", "hello"}), kExitOk);
  unsetenv("LEASEHOLD_SERVER");
}

TEST_F(CliTest, TakesTheNameOfACommandAsATask) {
  EXPECT_EQ(Run({"add", "list"}), kExitOk);
  EXPECT_EQ(server_.added.task(), "list");
}

TEST_F(CliTest, SaysOnOneLineEverythingThatTheServerFindsWrong) {
  google::rpc::BadRequest bad;
  for (const char* field : {"job.task", "job.priority"}) {
    auto* violation = bad.add_field_violations();
    violation->set_field(field);
    violation->set_description("must be\nbetter");
  }
  google::rpc::Status details;
  details.add_details()->PackFrom(bad);
  server_.status =
      grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "2 bad fields", details.SerializeAsString());

  EXPECT_EQ(Run({"add", "hello"}), kExitError);
  EXPECT_THAT(out_, IsEmpty());
  EXPECT_THAT(err_,
              AllOf(StartsWith("leasehold: "), HasSubstr("job.task"), HasSubstr("job.priority")));
  EXPECT_TRUE(IsOneLine(err_)) << err_;
}

TEST_F(CliTest, NamesAServerThatDoesNotAnswer) {
  EXPECT_EQ(RunAnywhere({"stats", "--server", "127.0.0.1:1", "--timeout", "200ms"}), kExitError);
  EXPECT_THAT(err_, HasSubstr("127.0.0.1:1"));
  EXPECT_TRUE(IsOneLine(err_)) << err_;
}

TEST_F(CliTest, RefusesWrongCommandLinesWithOneLineAndStatusTwo) {
  ExpectUsageErrors({
      {"frobnicate"},
      {"list", "--output", "xml"},
      {"list", "-o", "yaml", "--json"},
      {"--json", "list", "-o", "table"},
      {"show"},
      {"remove"},
      {"work"},
      {"work", "--tasks", ".", "-j", "0"},
      {"work", "--tasks", ".", "--once", "--watch"},
      {"work", "--tasks", ".", "-o", "yaml"},
      {"run-once"},
      {"run-once", "--tasks", ".", "--watch"},
  });
}

TEST_F(CliTest, NamesACommandThatDoesNotExist) {
  Run({"frobnicate"});
  EXPECT_EQ(err_, "leasehold: there is no command \"frobnicate\" (see leasehold --help)\n");
}

TEST_F(CliTest, PrintsHelpAndVersionBeforeAndAfterTheCommand) {
  EXPECT_EQ(RunAnywhere({"--version"}), kExitOk);
  EXPECT_EQ(out_, "leasehold 0.1.0\n");
  EXPECT_EQ(RunAnywhere({"add", "--version"}), kExitOk);
  EXPECT_EQ(out_, "leasehold 0.1.0\n");
  EXPECT_EQ(RunAnywhere({"--help"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("work"));
  EXPECT_EQ(RunAnywhere({"work", "--help"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("--grace-period"));
}

TEST_F(CliTest, ExplainsItselfWhenNothingIsAsked) {
  EXPECT_EQ(RunAnywhere({}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("Commands:"));
}

}  // namespace
}  // namespace leasehold::cli
