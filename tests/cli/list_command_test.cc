#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "nlohmann/json.hpp"
#include "tests/cli/cli_test.h"

namespace leasehold::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using ListCommandTest = CliTest;

TEST_F(ListCommandTest, ListsJobsInATable) {
  AddJobs(2);
  server_.jobs[1].set_queue_name("mail");
  server_.jobs[1].set_last_error("first line\nsecond line");
  server_.jobs[1].set_state(v1::JOB_STATE_FAILED);

  ASSERT_EQ(Run({"list"}), kExitOk);

  std::istringstream lines(out_);
  std::string header, first, second;
  std::getline(lines, header);
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_THAT(header, StartsWith("ID  TASK   STATE   QUEUE"));
  EXPECT_THAT(first, StartsWith(" 1  hello  ready   -"));
  EXPECT_THAT(second, AllOf(StartsWith(" 2  hello  failed  mail"), HasSubstr("first line")));
}

TEST_F(ListCommandTest, ListsJobsAsAJsonArray) {
  AddJobs(3);
  ASSERT_EQ(Run({"list", "--json"}), kExitOk);

  const auto jobs = nlohmann::json::parse(out_);
  ASSERT_EQ(jobs.size(), 3u);
  EXPECT_EQ(jobs[2]["id"], "3");
  EXPECT_EQ(jobs[2]["state"], "ready");
  EXPECT_EQ(jobs[2]["queue"], nullptr);
}

TEST_F(ListCommandTest, ListsNoJobsAsAnEmptyArray) {
  ASSERT_EQ(Run({"list", "--json"}), kExitOk);
  EXPECT_EQ(out_, "[]\n");
}

TEST_F(ListCommandTest, PagesThroughLongListsUpToTheLimit) {
  AddJobs(2500);

  ASSERT_EQ(Run({"list", "--json", "--limit", "1500"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 1500u);
  EXPECT_EQ(server_.list_requests.size(), 2u);
  ASSERT_EQ(Run({"list", "--json", "--limit", "0"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 2500u);
  ASSERT_EQ(Run({"list"}), kExitOk);
  EXPECT_THAT(err_, HasSubstr("there are more"));
}

TEST_F(ListCommandTest, FiltersByTaskQueueAndState) {
  ASSERT_EQ(Run({"list", "--identifier", "hello", "--queue", "q", "--state", "locked"}), kExitOk);

  const v1::ListJobsRequest& request = server_.list_requests.front();
  EXPECT_EQ(request.task(), "hello");
  EXPECT_EQ(request.queue_name(), "q");
  EXPECT_EQ(request.state(), v1::JOB_STATE_LEASED);
}

TEST_F(ListCommandTest, FiltersByEachState) {
  const std::vector<std::pair<std::string, v1::JobState>> states = {
      {"all", v1::JOB_STATE_UNSPECIFIED},     {"ready", v1::JOB_STATE_READY},
      {"scheduled", v1::JOB_STATE_SCHEDULED}, {"leased", v1::JOB_STATE_LEASED},
      {"locked", v1::JOB_STATE_LEASED},       {"failed", v1::JOB_STATE_FAILED},
  };
  for (const auto& [name, state] : states) {
    ASSERT_EQ(Run({"list", "--state", name, "--task", "hello"}), kExitOk) << err_;
    EXPECT_EQ(server_.list_requests.back().state(), state) << name;
    EXPECT_EQ(server_.list_requests.back().task(), "hello");
  }
}

TEST_F(ListCommandTest, LeavesOutTheFirstJobs) {
  AddJobs(2500);

  ASSERT_EQ(Run({"list", "--json", "--offset", "2", "--limit", "3"}), kExitOk);
  const auto few = nlohmann::json::parse(out_);
  ASSERT_EQ(few.size(), 3u);
  EXPECT_EQ(few[0]["id"], "3");
  ASSERT_EQ(Run({"list", "--json", "--offset", "1999", "--limit", "0"}), kExitOk);
  const auto last = nlohmann::json::parse(out_);
  ASSERT_EQ(last.size(), 501u);
  EXPECT_EQ(last[0]["id"], "2000");
  ASSERT_EQ(Run({"list", "--offset", "9999"}), kExitOk);
  EXPECT_EQ(err_, "no jobs\n");
}

TEST_F(ListCommandTest, ShowsFiftyJobsUnlessToldOtherwise) {
  AddJobs(60);
  ASSERT_EQ(Run({"list", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 50u);
}

TEST_F(ListCommandTest, CutsLinesToTheTerminal) {
  AddJobs(1);
  server_.jobs[0].set_last_error(std::string(200, 'x'));
  terminal_ = {.columns = 60, .rows = 24};

  ASSERT_EQ(Run({"list"}), kExitOk);

  std::istringstream lines(out_);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 60u) << line;
}

TEST_F(ListCommandTest, RefusesWhatIsNoNumberOrState) {
  ExpectUsageErrors({
      {"list", "--state", "done"},
      {"list", "--limit", "-1"},
      {"list", "--offset", "-1"},
      {"list", "--limit", "many"},
      {"list", "--watch=soon"},
      {"list", "--watch=99ms"},
      {"list", "extra"},
  });
}

}  // namespace
}  // namespace leasehold::cli
