#include "client/cli/cli.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "nlohmann/json.hpp"
#include "tests/cli/fake_server.h"
#include "tests/cli/scripts.h"

namespace leasehold::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class CliTest : public testing::Test {
 protected:
  // Runs a command line against the server; its output is in out_ and err_.
  int Run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--server", server_.address()});
    return RunAnywhere(std::move(arguments), input);
  }

  int RunAnywhere(std::vector<std::string> arguments, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const int exit_status = RunCommandLine(std::move(arguments), in, out, err, 0);
    out_ = out.str();
    err_ = err.str();
    return exit_status;
  }

  // Adds to the server's jobs one for each id up to `count`.
  void AddJobs(int count) {
    for (int id = 1; id <= count; ++id) {
      v1::Job job;
      job.set_id(std::to_string(id));
      job.set_task("hello");
      job.set_state(v1::JOB_STATE_READY);
      server_.jobs.push_back(job);
    }
  }

  static bool IsOneLine(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n';
  }

  FakeServer server_;
  std::string out_;
  std::string err_;
};

TEST_F(CliTest, AddsAJobAndPrintsItsId) {
  EXPECT_EQ(Run({"add", "hello"}), kExitOk);
  EXPECT_EQ(out_, "42\n");
  EXPECT_EQ(server_.added.task(), "hello");
  EXPECT_FALSE(server_.added.has_run_at() || server_.added.has_delay());
}

TEST_F(CliTest, SendsEveryOptionOfAdd) {
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

TEST_F(CliTest, SendsADelayAsADelay) {
  ASSERT_EQ(Run({"add", "hello", "--delay", "1m30s"}), kExitOk);
  EXPECT_EQ(server_.added.delay().seconds(), 90);
}

TEST_F(CliTest, ReadsThePayloadFromAFileOrStandardInput) {
  ScriptDirectory files;
  const std::string file = files.Write("payload.json", "{\"a\":\n1}\n", 0644);

  ASSERT_EQ(Run({"add", "hello", "--payload-file", file}), kExitOk);
  EXPECT_EQ(server_.added.payload(), "{\"a\":\n1}\n");
  ASSERT_EQ(Run({"add", "hello", "--payload-file", "-"}, "[true]"), kExitOk);
  EXPECT_EQ(server_.added.payload(), "[true]");
}

TEST_F(CliTest, AddsNothingWithoutThePayloadItWasToRead) {
  EXPECT_EQ(Run({"add", "hello", "--payload-file", "-"}, ""), kExitError);
  EXPECT_THAT(err_, HasSubstr("cannot read a payload from -: it is empty"));
  EXPECT_EQ(Run({"add", "hello", "--payload-file", "/no/such/file"}), kExitError);
  EXPECT_THAT(err_, HasSubstr("/no/such/file: No such file"));
  EXPECT_EQ(Run({"add", "hello", "--payload-file", "/"}), kExitError);
  EXPECT_EQ(server_.added.task(), "");
}

TEST_F(CliTest, TakesGlobalOptionsBeforeAndAfterTheCommand) {
  EXPECT_EQ(RunAnywhere({"--json", "add", "hello", "--server", server_.address()}), kExitOk);
  EXPECT_EQ(out_, "{\"id\":\"42\"}\n");
  EXPECT_EQ(RunAnywhere({"--server", server_.address(), "add", "hello", "--json"}), kExitOk);
  EXPECT_EQ(out_, "{\"id\":\"42\"}\n");
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

TEST_F(CliTest, ListsJobsInATable) {
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

TEST_F(CliTest, ListsJobsAsAJsonArray) {
  AddJobs(3);
  ASSERT_EQ(Run({"list", "--json"}), kExitOk);

  const auto jobs = nlohmann::json::parse(out_);
  ASSERT_EQ(jobs.size(), 3u);
  EXPECT_EQ(jobs[2]["id"], "3");
  EXPECT_EQ(jobs[2]["state"], "ready");
  EXPECT_EQ(jobs[2]["queue"], nullptr);
}

TEST_F(CliTest, ListsNoJobsAsAnEmptyArray) {
  ASSERT_EQ(Run({"list", "--json"}), kExitOk);
  EXPECT_EQ(out_, "[]\n");
}

TEST_F(CliTest, PagesThroughLongListsUpToTheLimit) {
  AddJobs(2500);

  ASSERT_EQ(Run({"list", "--json", "--limit", "1500"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 1500u);
  EXPECT_EQ(server_.list_requests.size(), 2u);
  ASSERT_EQ(Run({"list", "--json", "--limit", "0"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 2500u);
  ASSERT_EQ(Run({"list"}), kExitOk);
  EXPECT_THAT(err_, HasSubstr("there are more"));
}

TEST_F(CliTest, FiltersByTaskQueueAndState) {
  ASSERT_EQ(Run({"list", "--identifier", "hello", "--queue", "q", "--state", "locked"}), kExitOk);

  const v1::ListJobsRequest& request = server_.list_requests.front();
  EXPECT_EQ(request.task(), "hello");
  EXPECT_EQ(request.queue_name(), "q");
  EXPECT_EQ(request.state(), v1::JOB_STATE_LEASED);
}

TEST_F(CliTest, ShowsAJobWithThePayloadAsItWasAdded) {
  AddJobs(1);
  server_.jobs[0].set_payload("{\"n\":12345678901234567890123,\"n\":1}");

  ASSERT_EQ(Run({"show", "1"}), kExitOk);
  EXPECT_THAT(out_, AllOf(HasSubstr("task:       hello\n"),
                          HasSubstr("payload:\n  {\"n\":12345678901234567890123,\"n\":1}\n")));
  ASSERT_EQ(Run({"show", "1", "--json"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr(",\"payload\":{\"n\":12345678901234567890123,\"n\":1}}\n"));
  EXPECT_TRUE(nlohmann::json::accept(out_));
}

TEST_F(CliTest, SaysThatAJobIsNotThere) {
  EXPECT_EQ(Run({"show", "7"}), kExitError);
  EXPECT_EQ(err_, "leasehold: there is no job 7\n");
  EXPECT_EQ(Run({"remove", "k"}), kExitError);
  EXPECT_EQ(err_, "leasehold: no job has the key \"k\"\n");
}

TEST_F(CliTest, RemovesAJobByItsKey) {
  AddJobs(1);
  server_.jobs[0].set_key("k");
  EXPECT_EQ(Run({"remove", "k"}), kExitOk);
  EXPECT_EQ(out_, "1\n");
}

TEST_F(CliTest, PrintsFigures) {
  server_.stats.set_ready(3);
  server_.stats.set_server_version("0.1.0");

  ASSERT_EQ(Run({"stats"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("ready:     3\n"));
  ASSERT_EQ(Run({"stats", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_)["ready"], 3);
}

TEST_F(CliTest, ListsServersAndSaysWhoLeads) {
  auto* leader = server_.servers.add_servers();
  leader->set_id("a");
  leader->set_leads(true);
  leader->set_epoch(7);
  leader->set_address("10.0.0.1:7411");
  server_.servers.add_servers()->set_id("b");
  server_.servers.set_connected_sessions(2);

  ASSERT_EQ(Run({"servers"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("leader"));
  EXPECT_THAT(out_, HasSubstr("follower"));
  EXPECT_THAT(out_, HasSubstr("10.0.0.1:7411"));
  EXPECT_THAT(out_, HasSubstr("2 connected"));
  ASSERT_EQ(Run({"servers", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_)["servers"][0]["epoch"], 7);
}

TEST_F(CliTest, RefusesWrongCommandLinesWithOneLineAndStatusTwo) {
  const std::vector<std::vector<std::string>> wrong = {
      {"frobnicate"},
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
      {"list", "--state", "done"},
      {"list", "--limit", "-1"},
      {"show"},
      {"remove"},
      {"work"},
      {"work", "--tasks", ".", "-j", "0"},
      {"work", "--tasks", ".", "--once", "--watch"},
  };
  for (const auto& arguments : wrong) {
    EXPECT_EQ(Run(arguments), kExitUsage) << testing::PrintToString(arguments);
    EXPECT_TRUE(IsOneLine(err_)) << err_;
    EXPECT_THAT(err_, AllOf(StartsWith("leasehold: "), HasSubstr("--help)")));
    EXPECT_THAT(out_, IsEmpty());
  }
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
