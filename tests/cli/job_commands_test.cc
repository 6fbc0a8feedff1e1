#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/cli/cli_test.h"

// The commands that look at jobs or change them: show, remove, complete, fail, reschedule.
namespace leasehold::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class JobCommandsTest : public CliTest {
 protected:
  // Jobs 1 to 3, of which 2 is leased.
  void AddThreeJobs() {
    AddJobs(3);
    server_.jobs[1].set_state(v1::JOB_STATE_LEASED);
  }
};

TEST_F(JobCommandsTest, ShowsAJobWithThePayloadAsItWasAdded) {
  AddJobs(1);
  server_.jobs[0].set_payload("{\"n\":12345678901234567890123,\"n\":1}");

  ASSERT_EQ(Run({"show", "1"}), kExitOk);
  EXPECT_THAT(out_, AllOf(HasSubstr("task:       hello\n"),
                          HasSubstr("payload:\n  {\"n\":12345678901234567890123,\"n\":1}\n")));
  ASSERT_EQ(Run({"show", "1", "--json"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr(",\"payload\":{\"n\":12345678901234567890123,\"n\":1}}\n"));
  EXPECT_TRUE(nlohmann::json::accept(out_));
}

TEST_F(JobCommandsTest, SaysThatAJobIsNotThere) {
  EXPECT_EQ(Run({"show", "7"}), kExitError);
  EXPECT_EQ(err_, "leasehold: there is no job 7\n");
  EXPECT_EQ(Run({"remove", "k"}), kExitError);
  EXPECT_EQ(err_, "leasehold: no job has the key \"k\"\n");
}

TEST_F(JobCommandsTest, RemovesAJobByItsKey) {
  AddJobs(1);
  server_.jobs[0].set_key("k");
  EXPECT_EQ(Run({"remove", "k"}), kExitOk);
  EXPECT_EQ(out_, "1\n");
}

TEST_F(JobCommandsTest, ChangesJobsAndPrintsTheirIds) {
  AddThreeJobs();
  const std::vector<std::vector<std::string>> commands = {
      {"complete", "3", "1"}, {"fail", "3", "1"}, {"reschedule", "3", "1", "--now"}};
  for (std::vector<std::string> command : commands) {
    ASSERT_EQ(Run(command), kExitOk) << err_;
    EXPECT_EQ(out_, "1\n3\n");
    EXPECT_THAT(err_, IsEmpty());
    command.insert(command.end(), {"-o", "json"});
    ASSERT_EQ(Run(command), kExitOk) << err_;
    EXPECT_EQ(out_, "{\"changed\":[\"1\",\"3\"],\"left_alone\":[]}\n");
  }
}

TEST_F(JobCommandsTest, NamesTheJobsLeftAloneAndEndsWithStatusOne) {
  AddThreeJobs();
  const std::vector<std::vector<std::string>> commands = {
      {"complete", "1", "2", "7"}, {"fail", "1", "2", "7"}, {"reschedule", "1", "2", "7", "--now"}};
  for (std::vector<std::string> command : commands) {
    EXPECT_EQ(Run(command), kExitError);
    EXPECT_EQ(out_, "1\n");
    EXPECT_EQ(err_, "leasehold: left alone, because leased or not there: 2, 7 (2 of 3 jobs)\n");
    command.insert(command.end(), {"--json"});
    EXPECT_EQ(Run(command), kExitError);
    EXPECT_EQ(out_, "{\"changed\":[\"1\"],\"left_alone\":[\"2\",\"7\"]}\n");
    EXPECT_TRUE(IsOneLine(err_)) << err_;
  }
}

TEST_F(JobCommandsTest, EndsWithStatusOneIfNoJobWasChanged) {
  EXPECT_EQ(Run({"complete", "7"}), kExitError);
  EXPECT_THAT(out_, IsEmpty());
  EXPECT_EQ(err_, "leasehold: left alone, because leased or not there: 7 (1 of 1 jobs)\n");
}

TEST_F(JobCommandsTest, NamesTwentyOfManyJobsLeftAlone) {
  std::vector<std::string> command = {"complete"};
  for (int id = 1; id <= 30; ++id) command.push_back(std::to_string(id));
  EXPECT_EQ(Run(command), kExitError);
  EXPECT_THAT(err_, HasSubstr("19, 20 and 10 more (30 of 30 jobs)"));
}

TEST_F(JobCommandsTest, SendsTheReasonOfAFailure) {
  AddJobs(1);
  ASSERT_EQ(Run({"fail", "1", "--reason", "gone"}), kExitOk);
  EXPECT_EQ(server_.fail_request.reason(), "gone");
  ASSERT_EQ(Run({"fail", "-r", "no address", "1"}), kExitOk);
  EXPECT_EQ(server_.fail_request.reason(), "no address");
  ASSERT_EQ(Run({"fail", "1"}), kExitOk);
  EXPECT_EQ(server_.fail_request.reason(), "");  // the server's words
}

TEST_F(JobCommandsTest, SendsOnlyWhatAReschedulingChanges) {
  AddJobs(1);
  const v1::RescheduleJobsRequest& request = server_.reschedule_request;

  ASSERT_EQ(Run({"reschedule", "1", "--now"}), kExitOk);
  EXPECT_TRUE(request.has_delay() && request.delay().seconds() == 0 && !request.has_run_at());
  EXPECT_FALSE(request.has_priority() || request.has_attempts() || request.has_max_attempts());
  ASSERT_EQ(Run({"reschedule", "1", "--run-at", "now"}), kExitOk);
  EXPECT_TRUE(request.has_delay() && request.delay().seconds() == 0 && !request.has_run_at());
  ASSERT_EQ(Run({"reschedule", "1", "--run-at", "2031-01-31T12:00:00Z"}), kExitOk);
  EXPECT_TRUE(request.run_at().seconds() == 1'927'627'200 && !request.has_delay());
  ASSERT_EQ(Run({"reschedule", "1", "--delay", "5m"}), kExitOk);
  EXPECT_EQ(request.delay().seconds(), 300);
  ASSERT_EQ(Run({"reschedule", "1", "--priority", "-5", "--attempts", "0", "--max-attempts", "9"}),
            kExitOk);
  EXPECT_FALSE(request.has_delay() || request.has_run_at());
  EXPECT_EQ(request.priority(), -5);
  EXPECT_TRUE(request.has_attempts() && request.attempts() == 0);
  EXPECT_EQ(request.max_attempts(), 9);
}

TEST_F(JobCommandsTest, ReadsIdsFromTheStandardInput) {
  AddJobs(4);
  ASSERT_EQ(Run({"complete", "-"}, "1\n\n  3 \r\n3\n{\"id\":\"4\"}\n"), kExitOk) << err_;
  EXPECT_EQ(out_, "1\n3\n4\n");
  ASSERT_EQ(Run({"fail", "2", "-"}, "1"), kExitOk) << err_;
  EXPECT_EQ(out_, "1\n2\n");
}

TEST_F(JobCommandsTest, TakesTheJobsThatListHasWritten) {
  AddJobs(4);
  ASSERT_EQ(Run({"list", "-o", "json"}), kExitOk);
  const std::string list = out_;
  ASSERT_EQ(Run({"reschedule", "-", "--now"}, list), kExitOk) << err_;
  EXPECT_EQ(out_, "1\n2\n3\n4\n");
  ASSERT_EQ(Run({"complete", "-"}, "[1, \"2\"]"), kExitOk) << err_;
  EXPECT_EQ(out_, "1\n2\n");
}

TEST_F(JobCommandsTest, ChangesNothingIfNothingComesIn) {
  for (const char* input : {"", "\n", "[]"}) {
    EXPECT_EQ(Run({"complete", "-", "--json"}, input), kExitOk) << err_;
    EXPECT_EQ(out_, "{\"changed\":[],\"left_alone\":[]}\n");
  }
  EXPECT_THAT(server_.change_sizes, IsEmpty());
}

TEST_F(JobCommandsTest, ChangesNothingIfAnythingThatComesInIsNoId) {
  AddJobs(2);
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"1\nID  TASK\n", "line 2 of the standard input is no job id: \"ID  TASK\""},
      {"007\n", "line 1 of the standard input is no job id: \"007\""},
      {"1\n-2\n", "line 2"},
      {"99999999999999999999", "line 1"},
      {"{\"task\":\"hello\"}", "line 1"},
      {"[{\"id\":\"1\"},{\"task\":\"hello\"}]", "value 2"},
      {"[1", "is not the JSON that list writes"},
  };
  for (const auto& [input, message] : wrong) {
    EXPECT_EQ(Run({"complete", "-"}, input), kExitError) << input;
    EXPECT_THAT(err_, HasSubstr(message));
    EXPECT_TRUE(IsOneLine(err_)) << err_;
  }
  EXPECT_THAT(server_.change_sizes, IsEmpty());
}

TEST_F(JobCommandsTest, SplitsManyIdsIntoSeveralCalls) {
  AddJobs(3);
  std::string input;
  for (int id = 1; id <= 20'001; ++id) input += std::to_string(id) + "\n";
  EXPECT_EQ(Run({"complete", "-", "--json"}, input), kExitError);
  EXPECT_THAT(server_.change_sizes, ElementsAre(10'000, 10'000, 1));
  const auto outcome = nlohmann::json::parse(out_);
  EXPECT_EQ(outcome["changed"].size(), 3u);
  EXPECT_EQ(outcome["left_alone"].size(), 19'998u);
  EXPECT_FALSE(outcome.contains("not_done"));
}

TEST_F(JobCommandsTest, SaysWhatWasDoneBeforeAnError) {
  AddJobs(3);
  server_.changes_allowed = 1;
  server_.status = grpc::Status(grpc::StatusCode::INTERNAL, "the disk is full");
  std::string input;
  for (int id = 1; id <= 10'001; ++id) input += std::to_string(id) + "\n";

  EXPECT_EQ(Run({"complete", "-", "--json"}, input), kExitError);
  EXPECT_EQ(err_, "leasehold: the disk is full; done before: 3 jobs changed, 9997 left alone\n");
  EXPECT_THAT(nlohmann::json::parse(out_)["not_done"], ElementsAre("10001"));
  EXPECT_EQ(Run({"complete", "1"}), kExitError);
  EXPECT_EQ(err_, "leasehold: the disk is full\n");
  EXPECT_THAT(out_, IsEmpty());
}

TEST_F(JobCommandsTest, RefusesCommandLinesThatNameNoJobOrNoChange) {
  ExpectUsageErrors({
      {"show"},
      {"remove"},
      {"remove", "a", "b"},
      {"complete"},
      {"complete", "one"},
      {"complete", "1", "-2"},
      {"fail"},
      {"fail", "1", "--reason"},
      {"reschedule"},
      {"reschedule", "1"},
      {"reschedule", "--now"},
      {"reschedule", "1", "--now", "--run-at", "now"},
      {"reschedule", "1", "--now", "--delay", "5s"},
      {"reschedule", "1", "--run-at", "now", "--delay", "5s"},
      {"reschedule", "1", "--run-at", "tomorrow"},
      {"reschedule", "1", "--attempts", "few"},
  });
  EXPECT_EQ(Run({"reschedule", "1"}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("--now, --run-at, --delay, --priority, --attempts"));
}

}  // namespace
}  // namespace leasehold::cli
