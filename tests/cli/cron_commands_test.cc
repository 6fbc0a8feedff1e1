#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/cli/cli_test.h"

namespace leasehold::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class CronCommandsTest : public CliTest {
 protected:
  v1::Cron& AddCron(const std::string& identifier) {
    v1::Cron cron;
    v1::CronSpec& spec = *cron.mutable_spec();
    spec.set_identifier(identifier);
    spec.set_schedule("0 4 * * mon");
    spec.set_time_zone("Europe/Berlin");
    spec.set_task("report");
    spec.set_payload(R"({"n":1.50})");
    spec.mutable_fill()->set_seconds(3600);
    spec.set_max_attempts(25);
    spec.set_priority(0);
    cron.mutable_known_since()->set_seconds(1);
    cron.mutable_next_run()->set_seconds(1'927'627'200);
    server_.crons.push_back(cron);
    return server_.crons.back();
  }
};

TEST_F(CronCommandsTest, ListsCrons) {
  AddCron("a").set_source("file");
  v1::Cron& paused = AddCron("b");
  paused.set_paused(true);
  paused.clear_next_run();
  paused.mutable_last_run()->set_seconds(1'927'627'200);

  ASSERT_EQ(Run({"cron", "list"}), kExitOk);
  EXPECT_THAT(out_,
              StartsWith("IDENTIFIER  SCHEDULE     TZ             TASK    SOURCE  STATE   "
                         "LAST RUN             NEXT RUN\n"
                         "a           0 4 * * mon  Europe/Berlin  report  file    active  -  "));
  EXPECT_THAT(out_,
              HasSubstr("\nb           0 4 * * mon  Europe/Berlin  report  -       paused  2031-"));
  ASSERT_EQ(Run({"cron", "list", "--json"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr(R"("payload":{"n":1.50})"));
  const auto crons = nlohmann::json::parse(out_);
  ASSERT_EQ(crons.size(), 2u);
  EXPECT_EQ(crons[0]["identifier"], "a");
  EXPECT_EQ(crons[0]["source"], "file");
  EXPECT_EQ(crons[0]["fill_seconds"], 3600);
  EXPECT_EQ(crons[0]["max_attempts"], 25);
  EXPECT_EQ(crons[0]["key_mode"], nullptr);
  EXPECT_EQ(crons[0]["known_since"], "1970-01-01T00:00:01Z");
  EXPECT_EQ(crons[0]["last_run"], nullptr);
  EXPECT_EQ(crons[0]["next_run"], "2031-01-31T12:00:00Z");
  EXPECT_EQ(crons[1]["paused"], true);
  EXPECT_EQ(crons[1]["source"], nullptr);
  EXPECT_EQ(crons[1]["next_run"], nullptr);
}

TEST_F(CronCommandsTest, ListsAllPagesOrThoseOfASourceOrTask) {
  for (int i = 0; i < 1200; ++i) AddCron("c" + std::to_string(i));
  server_.crons[3].set_source("reports");
  server_.crons[4].mutable_spec()->set_task("other");
  ASSERT_EQ(Run({"cron", "list", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 1200u);
  EXPECT_EQ(server_.cron_list_requests.size(), 2u);
  ASSERT_EQ(Run({"cron", "list", "--source", "reports", "--json"}), kExitOk);
  ASSERT_EQ(nlohmann::json::parse(out_).size(), 1u);
  EXPECT_EQ(nlohmann::json::parse(out_)[0]["identifier"], "c3");
  ASSERT_EQ(Run({"cron", "list", "--source", "-", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 1199u);
  ASSERT_EQ(Run({"cron", "list", "--task", "other", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 1u);
}

TEST_F(CronCommandsTest, SaysThatThereAreNone) {
  ASSERT_EQ(Run({"cron", "list"}), kExitOk);
  EXPECT_EQ(err_, "no crons\n");
  ASSERT_EQ(Run({"cron", "list", "-o", "yaml"}), kExitOk);
  EXPECT_EQ(out_, "[]\n");
}

TEST_F(CronCommandsTest, AddsACronWithEveryOption) {
  ASSERT_EQ(Run({"cron",           "add",        "--schedule",     "*/5 * * * *",
                 "--task",         "t",          "--id",           "i",
                 "--tz",           "Asia/Tokyo", "--fill",         "1d12h",
                 "--payload",      R"({"a":1})", "--queue",        "q",
                 "--max-attempts", "3",          "--priority",     "-5",
                 "--key",          "k",          "--job-key-mode", "preserve-run-at",
                 "--flag",         "x",          "--flag",         "y"}),
            kExitOk)
      << err_;
  const v1::CronSpec& spec = server_.put_spec;
  EXPECT_EQ(spec.schedule(), "*/5 * * * *");
  EXPECT_EQ(spec.task(), "t");
  EXPECT_EQ(spec.identifier(), "i");
  EXPECT_EQ(spec.time_zone(), "Asia/Tokyo");
  EXPECT_EQ(spec.fill().seconds(), 36 * 3600);
  EXPECT_EQ(spec.payload(), R"({"a":1})");
  EXPECT_EQ(spec.queue_name(), "q");
  EXPECT_EQ(spec.max_attempts(), 3);
  EXPECT_EQ(spec.priority(), -5);
  EXPECT_EQ(spec.key(), "k");
  EXPECT_EQ(spec.if_exists(), v1::IF_EXISTS_PRESERVE_RUN_AT);
  EXPECT_THAT(spec.flags(), ElementsAre("x", "y"));
  EXPECT_THAT(out_, AllOf(StartsWith("IDENTIFIER"), HasSubstr("\ni           */5 * * * *")));
  ASSERT_EQ(Run({"cron", "add", "--schedule", "@daily", "--task", "t", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_)["next_run"], "2031-01-31T12:00:00Z");
}

TEST_F(CronCommandsTest, LeavesWhatIsNotGivenToTheServer) {
  ASSERT_EQ(Run({"cron", "add", "--schedule", "@daily", "--task", "t"}), kExitOk);
  v1::CronSpec expected;
  expected.set_schedule("@daily");
  expected.set_task("t");
  EXPECT_EQ(server_.put_spec.SerializeAsString(), expected.SerializeAsString());
}

TEST_F(CronCommandsTest, AppliesACrontabAsItStands) {
  AddCron("a").set_source("reports");
  server_.removed_crons = {"old", "older"};
  const std::string crontab = "# mine\n0 4 * * mon report ?id=a {n: 1.50}\n";
  ASSERT_EQ(Run({"cron", "apply", "-", "--name", "reports"}, crontab), kExitOk);
  EXPECT_EQ(server_.apply_request.crontab(), crontab);
  EXPECT_EQ(server_.apply_request.name(), "reports");
  EXPECT_THAT(out_, HasSubstr("\na           0 4 * * mon"));
  EXPECT_EQ(err_, "removed: old, older\n");
  ASSERT_EQ(Run({"cron", "apply", "-", "--json"}, crontab), kExitOk);
  EXPECT_EQ(server_.apply_request.name(), "");
  const auto document = nlohmann::json::parse(out_);
  EXPECT_EQ(document["crons"][0]["identifier"], "a");
  EXPECT_THAT(document["removed"], ElementsAre("old", "older"));
}

TEST_F(CronCommandsTest, ShowsTheFaultsOfACrontabThatTheServerRefuses) {
  server_.status = grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "crontab is bad");
  EXPECT_EQ(Run({"cron", "apply", "-"}, "61 * * * * a\n@daily"), kExitError);
  EXPECT_EQ(err_,
            "standard input:1:1: minute 61 is not from 0 to 59\n"
            "standard input:2:7: expected a task's name\n"
            "leasehold: standard input has 2 faults\n");
  // What only the server knows better is in its own words.
  EXPECT_EQ(Run({"cron", "apply", "-"}, "@daily a"), kExitError);
  EXPECT_EQ(err_, "leasehold: crontab is bad\n");
}

TEST_F(CronCommandsTest, PausesResumesRunsAndRemovesACron) {
  AddCron("a");
  ASSERT_EQ(Run({"cron", "pause", "a"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("  paused  "));
  EXPECT_TRUE(server_.crons[0].paused());
  ASSERT_EQ(Run({"cron", "resume", "a", "--json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_)["paused"], false);
  ASSERT_EQ(Run({"cron", "run", "a"}), kExitOk);
  EXPECT_EQ(out_, "42\n");
  EXPECT_EQ(server_.run_request.identifier(), "a");
  EXPECT_FALSE(server_.run_request.request_id().empty());
  ASSERT_EQ(Run({"cron", "remove", "a"}), kExitOk);
  EXPECT_EQ(out_, "removed a\n");
  EXPECT_THAT(server_.crons, IsEmpty());
  AddCron("a");
  ASSERT_EQ(Run({"cron", "remove", "a", "--json"}), kExitOk);
  EXPECT_EQ(out_, "{\"removed\":\"a\"}\n");
}

TEST_F(CronCommandsTest, SaysThatThereIsNoSuchCron) {
  for (const char* command : {"pause", "resume", "run", "remove"}) {
    EXPECT_EQ(Run({"cron", command, "nobody"}), kExitError);
    EXPECT_EQ(err_, "leasehold: there is no cron \"nobody\"\n");
    EXPECT_THAT(out_, IsEmpty());
  }
}

TEST_F(CronCommandsTest, SaysWhyTheServerRefuses) {
  AddCron("a");
  server_.status = grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "the file owns it");
  const std::vector<std::vector<std::string>> commands = {
      {"cron", "list"},        {"cron", "add", "--schedule", "@daily", "--task", "t"},
      {"cron", "apply", "-"},  {"cron", "pause", "a"},
      {"cron", "resume", "a"}, {"cron", "run", "a"},
      {"cron", "remove", "a"},
  };
  for (const auto& command : commands) {
    EXPECT_EQ(Run(command), kExitError) << command[1];
    EXPECT_EQ(err_, "leasehold: the file owns it\n");
    EXPECT_THAT(out_, IsEmpty());
  }
}

TEST_F(CronCommandsTest, RefusesWrongArguments) {
  ExpectUsageErrors({
      {"cron"},
      {"cron", "frobnicate"},
      {"cron", "list", "a"},
      {"cron", "list", "--watch=10ms"},
      {"cron", "add"},
      {"cron", "add", "--schedule", "@daily"},
      {"cron", "add", "--schedule", "@daily", "--task", "t", "--fill", "-5"},
      {"cron", "add", "--schedule", "@daily", "--task", "t", "--fill", "1y"},
      {"cron", "add", "--schedule", "@daily", "--task", "t", "--job-key-mode", "replace"},
      {"cron", "apply"},
      {"cron", "check", "-", "--count", "-1"},
      {"cron", "check", "-", "--from", "later"},
      {"cron", "pause"},
      {"cron", "pause", "a", "b"},
      {"cron", "run"},
      {"cron", "remove"},
  });
  EXPECT_EQ(Run({"cron", "frobnicate"}), kExitUsage);
  EXPECT_EQ(err_,
            "leasehold: there is no command \"cron frobnicate\" (see leasehold cron --help)\n");
}

}  // namespace
}  // namespace leasehold::cli
