#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/cli/cli_test.h"
#include "tests/cli/scripts.h"

namespace leasehold::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using AddCommandTest = CliTest;

TEST_F(AddCommandTest, AddsAJobAndPrintsItsId) {
  EXPECT_EQ(Run({"add", "hello"}), kExitOk);
  EXPECT_EQ(out_, "42\n");
  EXPECT_EQ(server_.added.task(), "hello");
  EXPECT_FALSE(server_.added.has_run_at() || server_.added.has_delay());
}

TEST_F(AddCommandTest, SendsEveryOptionOfAdd) {
  ASSERT_EQ(Run({"add",
                 "hello",
                 "--payload",
                 R"([1, 2])",
                 "--queue",
                 "q",
                 "--run-at",
                 "2031-01-31T12:00:00Z",
                 "--max-attempts",
                 "3",
                 "--priority",
                 "-5",
                 "--key",
                 "k",
                 "--job-key-mode",
                 "preserve-run-at",
                 "--flag",
                 "a",
                 "--flag",
                 "b",
                 "--metadata",
                 "traceparent=00-1",
                 "--metadata",
                 "x="}),
            kExitOk)
      << err_;

  const v1::NewJob& job = server_.added;
  EXPECT_EQ(job.payload(), "[1, 2]");
  EXPECT_EQ(job.queue_name(), "q");
  EXPECT_EQ(job.run_at().seconds(), 1'927'627'200);
  EXPECT_EQ(job.max_attempts(), 3);
  EXPECT_EQ(job.priority(), -5);
  EXPECT_EQ(job.key(), "k");
  EXPECT_EQ(job.if_exists(), v1::IF_EXISTS_PRESERVE_RUN_AT);
  EXPECT_THAT(job.flags(), ElementsAre("a", "b"));
  EXPECT_EQ(job.metadata().at("traceparent"), "00-1");
  EXPECT_EQ(job.metadata().at("x"), "");
}

TEST_F(AddCommandTest, SendsADelayAsADelay) {
  ASSERT_EQ(Run({"add", "hello", "--delay", "1m30s"}), kExitOk);
  EXPECT_EQ(server_.added.delay().seconds(), 90);
}

TEST_F(AddCommandTest, ReadsThePayloadFromAFileOrStandardInput) {
  ScriptDirectory files;
  const std::string file = files.Write("payload.json", "{\"a\":\n1}\n", 0644);

  ASSERT_EQ(Run({"add", "hello", "--payload-file", file}), kExitOk);
  EXPECT_EQ(server_.added.payload(), "{\"a\":\n1}\n");
  ASSERT_EQ(Run({"add", "hello", "--payload-file", "-"}, "[true]"), kExitOk);
  EXPECT_EQ(server_.added.payload(), "[true]");
}

TEST_F(AddCommandTest, AddsNothingWithoutThePayloadItWasToRead) {
  EXPECT_EQ(Run({"add", "hello", "--payload-file", "-"}, ""), kExitError);
  EXPECT_THAT(err_, HasSubstr("cannot read a payload from -: it is empty"));
  EXPECT_EQ(Run({"add", "hello", "--payload-file", "/no/such/file"}), kExitError);
  EXPECT_THAT(err_, HasSubstr("/no/such/file: No such file"));
  EXPECT_EQ(Run({"add", "hello", "--payload-file", "/"}), kExitError);
  EXPECT_EQ(server_.added.task(), "");
}

TEST_F(AddCommandTest, TakesTheJobKeyModesWithHyphensOrUnderscores) {
  const std::vector<std::pair<std::string, v1::IfExists>> modes = {
      {"replace", v1::IF_EXISTS_REPLACE},
      {"preserve-run-at", v1::IF_EXISTS_PRESERVE_RUN_AT},
      {"preserve_run_at", v1::IF_EXISTS_PRESERVE_RUN_AT},
      {"unsafe-dedupe", v1::IF_EXISTS_UNSAFE_DEDUPE},
      {"unsafe_dedupe", v1::IF_EXISTS_UNSAFE_DEDUPE},
      {"reject", v1::IF_EXISTS_REJECT},
  };
  for (const auto& [name, mode] : modes) {
    ASSERT_EQ(Run({"add", "hello", "--job-key", "k", "--job-key-mode", name}), kExitOk) << err_;
    EXPECT_EQ(server_.added.if_exists(), mode) << name;
  }
}

TEST_F(AddCommandTest, RefusesWhatCannotBeAJob) {
  ExpectUsageErrors({
      {"add"},
      {"add", "hello", "world"},
      {"add", "hello", "--bogus"},
      {"add", "hello", "--priority", "high"},
      {"add", "hello", "--delay", "soon"},
      {"add", "hello", "--delay", "5s", "--run-at", "now"},
      {"add", "hello", "--run-at", "tomorrow"},
      {"add", "hello", "--payload", ""},
      {"add", "hello", "--payload", "{}", "--payload-file", "-"},
      {"add", "hello", "--job-key-mode", "replace"},
      {"add", "hello", "--key", "k", "--job-key-mode", "merge"},
      {"add", "hello", "--metadata", "novalue"},
  });
}

}  // namespace
}  // namespace leasehold::cli
