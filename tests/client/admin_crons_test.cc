#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "client/cpp/admin.h"
#include "tests/cli/fake_server.h"

namespace leasehold::client {
namespace {

using ::testing::ElementsAre;

class AdminCronsTest : public testing::Test {
 protected:
  void AddCron(const std::string& identifier) {
    v1::Cron cron;
    cron.mutable_spec()->set_identifier(identifier);
    cron.mutable_spec()->set_schedule("@daily");
    cron.mutable_spec()->set_task("t");
    server_.crons.push_back(cron);
  }

  cli::FakeServer server_;
  Admin admin_{{.address = server_.address()}};
};

TEST_F(AdminCronsTest, SendsEveryFieldOfACronAndReadsItBack) {
  const auto cron = admin_.PutCron({.identifier = "nightly",
                                    .schedule = "0 4 * * *",
                                    .time_zone = "Europe/Berlin",
                                    .task = "report",
                                    .payload = R"({"n":1})",
                                    .fill = absl::Hours(36),
                                    .max_attempts = 3,
                                    .queue = "q",
                                    .key = "k",
                                    .if_exists = IfExists::kUnsafeDedupe,
                                    .priority = -1,
                                    .flags = {"gpu"}});
  ASSERT_EQ(cron.status(), absl::OkStatus());
  const v1::CronSpec& sent = server_.put_spec;
  EXPECT_EQ(sent.identifier(), "nightly");
  EXPECT_EQ(sent.schedule(), "0 4 * * *");
  EXPECT_EQ(sent.time_zone(), "Europe/Berlin");
  EXPECT_EQ(sent.task(), "report");
  EXPECT_EQ(sent.payload(), R"({"n":1})");
  EXPECT_EQ(sent.fill().seconds(), 36 * 3600);
  EXPECT_EQ(sent.max_attempts(), 3);
  EXPECT_EQ(sent.queue_name(), "q");
  EXPECT_EQ(sent.key(), "k");
  EXPECT_EQ(sent.if_exists(), v1::IF_EXISTS_UNSAFE_DEDUPE);
  EXPECT_EQ(sent.priority(), -1);
  EXPECT_THAT(sent.flags(), ElementsAre("gpu"));

  const CronSpec& read = cron->spec;
  EXPECT_EQ(read.identifier, "nightly");
  EXPECT_EQ(read.schedule, "0 4 * * *");
  EXPECT_EQ(read.time_zone, "Europe/Berlin");
  EXPECT_EQ(read.task, "report");
  EXPECT_EQ(read.payload, R"({"n":1})");
  EXPECT_EQ(read.fill, absl::Hours(36));
  EXPECT_EQ(read.max_attempts, 3);
  EXPECT_EQ(read.queue, "q");
  EXPECT_EQ(read.key, "k");
  EXPECT_EQ(read.if_exists, IfExists::kUnsafeDedupe);
  EXPECT_EQ(read.priority, -1);
  EXPECT_THAT(read.flags, ElementsAre("gpu"));
  EXPECT_EQ(cron->next_run, absl::FromUnixSeconds(1'927'627'200));
  EXPECT_EQ(cron->last_run, std::nullopt);
}

TEST_F(AdminCronsTest, LeavesWhatIsNotGivenToTheServer) {
  ASSERT_TRUE(admin_.PutCron({.schedule = "@daily", .task = "t"}).ok());
  v1::CronSpec expected;
  expected.set_schedule("@daily");
  expected.set_task("t");
  EXPECT_EQ(server_.put_spec.SerializeAsString(), expected.SerializeAsString());
}

TEST_F(AdminCronsTest, ListsCronsPageByPage) {
  AddCron("a");
  AddCron("b");
  server_.crons[0].set_source("file");
  server_.crons[0].set_paused(true);
  server_.crons[0].mutable_known_since()->set_seconds(7);
  server_.crons[0].mutable_last_run()->set_seconds(8);
  const auto first = admin_.ListCrons(1);
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(first->crons.size(), 1u);
  EXPECT_EQ(first->crons[0].spec.identifier, "a");
  EXPECT_EQ(first->crons[0].source, "file");
  EXPECT_TRUE(first->crons[0].paused);
  EXPECT_EQ(first->crons[0].known_since, absl::FromUnixSeconds(7));
  EXPECT_EQ(first->crons[0].last_run, absl::FromUnixSeconds(8));
  EXPECT_EQ(first->crons[0].next_run, std::nullopt);
  const auto second = admin_.ListCrons(1, first->next_page_token);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->crons.at(0).spec.identifier, "b");
  EXPECT_EQ(second->next_page_token, "");
}

TEST_F(AdminCronsTest, AppliesACrontabUnderAName) {
  AddCron("a");
  server_.removed_crons = {"old"};
  const auto applied = admin_.ApplyCrontab("@daily t ?id=a", "reports");
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(server_.apply_request.crontab(), "@daily t ?id=a");
  EXPECT_EQ(server_.apply_request.name(), "reports");
  EXPECT_EQ(applied->crons.at(0).spec.identifier, "a");
  EXPECT_THAT(applied->removed, ElementsAre("old"));
}

TEST_F(AdminCronsTest, PausesResumesRunsAndRemoves) {
  AddCron("a");
  EXPECT_TRUE(admin_.PauseCron("a")->paused);
  EXPECT_FALSE(admin_.ResumeCron("a")->paused);
  EXPECT_EQ(*admin_.RunCron("a"), "42");
  EXPECT_FALSE(server_.run_request.request_id().empty());
  EXPECT_EQ(admin_.RemoveCron("a"), absl::OkStatus());
  EXPECT_EQ(admin_.RemoveCron("a").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(admin_.PauseCron("a").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(admin_.ResumeCron("a").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(admin_.RunCron("a").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(AdminCronsTest, SaysWhyTheServerRefuses) {
  server_.status = grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "the file owns it");
  EXPECT_EQ(admin_.PutCron({.schedule = "@daily", .task = "t"}).status().message(),
            "the file owns it");
  EXPECT_EQ(admin_.ApplyCrontab("").status().message(), "the file owns it");
  EXPECT_EQ(admin_.ListCrons().status().message(), "the file owns it");
}

}  // namespace
}  // namespace leasehold::client
