#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/cli/cli_test.h"

// The commands that look at the queue as a whole, and after executors.
namespace leasehold::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class OperatorCommandsTest : public CliTest {
 protected:
  void AddExecutors() {
    v1::Executor* executor = server_.executors.add_executors();
    executor->set_id("mailer-1f6c");
    executor->set_name("mailer");
    executor->add_tasks("mail");
    executor->add_tasks("news");
    executor->add_forbidden_flags("eu");
    executor->set_connected(true);
    executor->mutable_silent()->set_nanos(250'000'000);
    executor->set_window(10);
    executor->set_leases(3);
    executor->set_running(1);
    server_.executors.add_executors()->set_id("other-77aa");
  }
};

TEST_F(OperatorCommandsTest, PrintsFigures) {
  server_.stats.set_ready(3);
  server_.stats.set_server_version("0.1.0");

  ASSERT_EQ(Run({"stats"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("ready:     3\n"));
  ASSERT_EQ(Run({"stats", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_)["ready"], 3);
}

TEST_F(OperatorCommandsTest, ListsServersAndSaysWhoLeads) {
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

TEST_F(OperatorCommandsTest, ListsQueues) {
  auto* mail = server_.queues.add_queues();
  mail->set_name("mail");
  mail->set_ready(4);
  mail->set_leased(1);
  mail->set_locked_by("mailer-1f6c");
  mail->mutable_locked_at()->set_seconds(1'927'627'200);
  server_.queues.add_queues()->set_name("news");

  ASSERT_EQ(Run({"queues"}), kExitOk);
  EXPECT_THAT(out_, StartsWith("NAME  READY  SCHEDULED  LEASED  FAILED  OLDEST READY  LOCKED BY\n"
                               "mail      4          0       1       0             -  mailer-1f6c\n"
                               "news      0"));
  ASSERT_EQ(Run({"queues", "--json"}), kExitOk);
  const auto queues = nlohmann::json::parse(out_);
  ASSERT_EQ(queues.size(), 2u);
  EXPECT_EQ(queues[0]["name"], "mail");
  EXPECT_EQ(queues[0]["ready"], 4);
  EXPECT_EQ(queues[0]["locked_at"], "2031-01-31T12:00:00Z");
  EXPECT_EQ(queues[1]["locked_by"], nullptr);
  EXPECT_EQ(queues[1]["oldest_ready_run_at"], nullptr);
}

TEST_F(OperatorCommandsTest, ListsAllQueuesOrAsManyAsAskedFor) {
  for (int i = 0; i < 1200; ++i) server_.queues.add_queues()->set_name(std::to_string(i));

  ASSERT_EQ(Run({"queues", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 1200u);
  ASSERT_EQ(Run({"queues", "--limit", "7"}), kExitOk);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 8);
  EXPECT_THAT(err_, HasSubstr("there are more"));
}

TEST_F(OperatorCommandsTest, ListsTasks) {
  auto* task = server_.tasks.add_tasks();
  task->set_name("mail");
  task->set_ready(4);
  task->set_failed(2);
  task->set_executors(3);
  task->mutable_oldest_ready_run_at()->set_seconds(1);

  ASSERT_EQ(Run({"tasks"}), kExitOk);
  EXPECT_THAT(out_, AllOf(StartsWith("NAME  READY  SCHEDULED  LEASED  FAILED"), HasSubstr(" h "),
                          HasSubstr("      3\n")));
  ASSERT_EQ(Run({"tasks", "--json"}), kExitOk);
  const auto tasks = nlohmann::json::parse(out_);
  EXPECT_EQ(tasks[0]["name"], "mail");
  EXPECT_EQ(tasks[0]["failed"], 2);
  EXPECT_EQ(tasks[0]["executors"], 3);
  EXPECT_EQ(tasks[0]["oldest_ready_run_at"], "1970-01-01T00:00:01Z");
}

TEST_F(OperatorCommandsTest, ListsWorkersUnderBothNames) {
  AddExecutors();
  for (const char* name : {"workers", "executors"}) {
    ASSERT_EQ(Run({name}), kExitOk);
    EXPECT_THAT(out_, HasSubstr("mailer-1f6c  yes        250 ms ago      10       3        1  "
                                "mail, news  eu\n"));
    EXPECT_THAT(out_, HasSubstr("other-77aa   no"));
    ASSERT_EQ(Run({name, "--json"}), kExitOk);
    const auto workers = nlohmann::json::parse(out_);
    ASSERT_EQ(workers.size(), 2u);
    EXPECT_EQ(workers[0]["id"], "mailer-1f6c");
    EXPECT_EQ(workers[0]["silent_seconds"], 0.25);
    EXPECT_THAT(workers[0]["tasks"], ElementsAre("mail", "news"));
    EXPECT_EQ(workers[1]["connected"], false);
  }
}

TEST_F(OperatorCommandsTest, SaysThatThereIsNothing) {
  const std::vector<std::pair<std::string, std::string>> commands = {
      {"queues", "no serial queue has jobs\n"},
      {"tasks", "no task has jobs or workers\n"},
      {"workers", "no workers\n"},
  };
  for (const auto& [command, note] : commands) {
    ASSERT_EQ(Run({command}), kExitOk);
    EXPECT_EQ(err_, note);
    ASSERT_EQ(Run({command, "--json"}), kExitOk);
    EXPECT_EQ(out_, "[]\n");
    EXPECT_THAT(err_, IsEmpty());
    ASSERT_EQ(Run({command, "-o", "yaml"}), kExitOk);
    EXPECT_EQ(out_, "[]\n");
  }
}

TEST_F(OperatorCommandsTest, UnlocksTheJobsOfWorkers) {
  AddJobs(3);
  server_.jobs[0].set_locked_by("mailer-1f6c");
  server_.jobs[2].set_locked_by("other-77aa");

  ASSERT_EQ(Run({"force-unlock", "mailer-1f6c", "other-77aa", "nobody"}), kExitOk);
  EXPECT_EQ(out_, "1\n3\n");
  EXPECT_EQ(err_, "jobs unlocked: 2\n");
  ASSERT_EQ(Run({"force-unlock", "other-77aa", "--json"}), kExitOk);
  EXPECT_EQ(out_, "{\"unlocked\":[\"3\"]}\n");
}

TEST_F(OperatorCommandsTest, CallsItNoErrorIfThereWasNothingToUnlock) {
  ASSERT_EQ(Run({"force-unlock", "nobody"}), kExitOk);
  EXPECT_THAT(out_, IsEmpty());
  EXPECT_EQ(err_, "jobs unlocked: 0\n");
}

TEST_F(OperatorCommandsTest, UnlocksManyWorkersInSeveralCalls) {
  std::vector<std::string> command = {"force-unlock"};
  for (int i = 0; i < 1001; ++i) command.push_back("worker-" + std::to_string(i));
  ASSERT_EQ(Run(command), kExitOk);
  ASSERT_EQ(server_.unlock_requests.size(), 2u);
  EXPECT_EQ(server_.unlock_requests[0].executor_ids_size(), 1000);
  EXPECT_EQ(server_.unlock_requests[1].executor_ids_size(), 1);
}

TEST_F(OperatorCommandsTest, SweepsSilentWorkersUnderBothNames) {
  AddExecutors();
  for (const char* name : {"sweep-stale-workers", "sweep"}) {
    ASSERT_EQ(Run({name, "--sweep-threshold", "90", "--recovery-delay", "2m"}), kExitOk);
    EXPECT_EQ(server_.sweep_request.threshold().seconds(), 90);
    EXPECT_EQ(server_.sweep_request.recovery_delay().seconds(), 120);
    EXPECT_FALSE(server_.sweep_request.dry_run());
    EXPECT_THAT(out_, HasSubstr("mailer-1f6c"));
    EXPECT_EQ(err_, "workers swept: 2\n");
  }
  ASSERT_EQ(Run({"sweep", "--json"}), kExitOk);
  EXPECT_FALSE(server_.sweep_request.has_threshold() || server_.sweep_request.has_recovery_delay());
  EXPECT_EQ(nlohmann::json::parse(out_)["executors"][1]["id"], "other-77aa");
}

TEST_F(OperatorCommandsTest, SaysWhichWorkersItWouldSweep) {
  AddExecutors();
  ASSERT_EQ(Run({"sweep", "--dry-run"}), kExitOk);
  EXPECT_TRUE(server_.sweep_request.dry_run());
  EXPECT_THAT(out_, HasSubstr("mailer-1f6c"));
  EXPECT_EQ(err_, "workers that would be swept: 2\n");
  ASSERT_EQ(Run({"sweep", "--dry-run", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_)["dry_run"], true);
}

TEST_F(OperatorCommandsTest, MovesTheClock) {
  ASSERT_EQ(Run({"advance-clock", "2h"}), kExitOk);
  EXPECT_EQ(server_.advance_request.by().seconds(), 7200);
  EXPECT_EQ(out_, "2031-01-31T12:00:00Z\n");
  ASSERT_EQ(Run({"advance-clock", "90", "--json"}), kExitOk);
  EXPECT_EQ(server_.advance_request.by().seconds(), 90);
  EXPECT_EQ(out_, "{\"now\":\"2031-01-31T12:00:00Z\"}\n");
}

TEST_F(OperatorCommandsTest, SaysWhyTheServerRefuses) {
  server_.status = grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "the clock is fixed");
  server_.cleaned_up = {-1};
  const std::vector<std::vector<std::string>> commands = {
      {"advance-clock", "2h"},
      {"cleanup"},
      {"force-unlock", "a"},
      {"sweep"},
      {"queues"},
      {"tasks"},
      {"workers"},
      {"servers"},
      {"stats"},
  };
  for (const auto& command : commands) {
    EXPECT_EQ(Run(command), kExitError) << command[0];
    EXPECT_EQ(err_, "leasehold: the clock is fixed\n");
    EXPECT_THAT(out_, IsEmpty());
  }
}

TEST_F(OperatorCommandsTest, RefusesWrongArguments) {
  ExpectUsageErrors({
      {"force-unlock"},
      {"sweep", "--sweep-threshold", "-5"},
      {"sweep", "--recovery-delay", "soon"},
      {"sweep", "mailer"},
      {"queues", "--limit", "-1"},
      {"tasks", "mail"},
      {"workers", "--watch=10ms"},
      {"advance-clock"},
      {"advance-clock", "-5"},
      {"advance-clock", "later"},
  });
}

}  // namespace
}  // namespace leasehold::cli
