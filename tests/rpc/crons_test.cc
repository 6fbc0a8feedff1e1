#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "server/base/errors.h"
#include "tests/rpc/rpc_test.h"

// AdminService: what may be asked of crons, and how it is refused.
namespace leasehold::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = queue::CronChange::Kind;

class CronCalls : public RpcTest {
 protected:
  grpc::Status Put(const v1::PutCronRequest& request) {
    Context context;
    return admin_->PutCron(&context, request, &put_);
  }
  grpc::Status Apply(const std::string& crontab, const std::string& name = "") {
    Context context;
    v1::ApplyCrontabRequest request;
    request.set_crontab(crontab);
    request.set_name(name);
    return admin_->ApplyCrontab(&context, request, &applied_);
  }
  static v1::PutCronRequest Good() {
    v1::PutCronRequest request;
    request.mutable_spec()->set_schedule("*/5 * * * *");
    request.mutable_spec()->set_task("mail");
    return request;
  }
  // "FIELD DESCRIPTION" of each fault.
  static std::vector<std::string> Faults(const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
    const Details details = DetailsOf(status);
    EXPECT_EQ(details.error.reason(), "INVALID_REQUEST");
    std::vector<std::string> faults;
    for (const auto& fault : details.bad_request.field_violations()) {
      faults.push_back(fault.field() + " " + fault.description());
    }
    return faults;
  }

  v1::PutCronResponse put_;
  v1::ApplyCrontabResponse applied_;
};

TEST_F(CronCalls, FillInWhatASpecDoesNotSay) {
  ASSERT_TRUE(Put(Good()).ok());
  const v1::Cron& cron = put_.cron();
  EXPECT_EQ(cron.spec().identifier(), "mail");
  EXPECT_EQ(cron.spec().time_zone(), "UTC");
  EXPECT_EQ(cron.spec().payload(), "{}");
  EXPECT_EQ(cron.spec().max_attempts(), 25);
  EXPECT_FALSE(cron.spec().has_key() || cron.spec().has_queue_name());
  EXPECT_EQ(cron.spec().if_exists(), v1::IF_EXISTS_UNSPECIFIED);
  EXPECT_EQ(cron.known_since().seconds(), 60);
  EXPECT_EQ(cron.last_run().seconds(), 120);
  EXPECT_EQ(cron.next_run().seconds(), 180);
}

TEST_F(CronCalls, HandOnEveryFieldOfASpec) {
  v1::PutCronRequest request = Good();
  v1::CronSpec& spec = *request.mutable_spec();
  spec.set_identifier("five");
  spec.set_time_zone("Europe/Berlin");
  spec.set_payload(R"({"a":1})");
  spec.mutable_fill()->set_seconds(3600);
  spec.set_max_attempts(3);
  spec.set_queue_name("q");
  spec.set_key("k");
  spec.set_if_exists(v1::IF_EXISTS_UNSAFE_DEDUPE);
  spec.set_priority(-7);
  spec.add_flags("slow");
  ASSERT_TRUE(Put(request).ok());
  EXPECT_EQ(put_.cron().spec().SerializeAsString(), spec.SerializeAsString());
  EXPECT_EQ(gate_.last_cron_change()->kind, Kind::kPut);
}

TEST_F(CronCalls, NameEveryFaultOfASpec) {
  v1::PutCronRequest request;
  v1::CronSpec& spec = *request.mutable_spec();
  spec.set_identifier("a b");
  spec.set_schedule("61 * * * *");
  spec.set_time_zone("Mars/Base");
  spec.set_payload("[1]");
  spec.mutable_fill()->set_seconds(-1);
  spec.set_max_attempts(0);
  spec.set_if_exists(v1::IF_EXISTS_REJECT);
  spec.set_priority(40000);
  spec.add_flags("");
  std::vector<std::string> fields;
  for (const std::string& fault : Faults(Put(request))) {
    fields.push_back(fault.substr(0, fault.find(' ')));
  }
  EXPECT_THAT(fields, testing::UnorderedElementsAre(
                          "spec.identifier", "spec.schedule", "spec.time_zone", "spec.task",
                          "spec.payload", "spec.fill", "spec.max_attempts", "spec.if_exists",
                          "spec.priority", "spec.flags"));
  EXPECT_FALSE(gate_.last_cron_change().has_value());
}

TEST_F(CronCalls, RefuseAPayloadThatNoJobMayHave) {
  v1::PutCronRequest request = Good();
  const std::string payload = R"({"a":")" + std::string(1 << 20, 'x') + R"("})";
  request.mutable_spec()->set_payload(payload);
  EXPECT_THAT(Faults(Put(request)), ElementsAre(HasSubstr("spec.payload must have at most")));
  EXPECT_THAT(Faults(Apply("* * * * * mail " + payload)), SizeIs(1));
}

TEST_F(CronCalls, TakeACrontab) {
  ASSERT_TRUE(Apply("# mine\n0 4 * * * clean ?fill=1d\n@daily mail {to: 'x'}\n", "app").ok());
  const auto change = gate_.last_cron_change();
  EXPECT_EQ(change->kind, Kind::kApply);
  EXPECT_EQ(change->source, "app");
  ASSERT_THAT(change->entries, SizeIs(2));
  EXPECT_EQ(change->entries[0].spec.fill, absl::Hours(24));
  EXPECT_EQ(applied_.crons(1).spec().payload(), R"({"to":"x"})");
  EXPECT_THAT(applied_.removed(), ElementsAre("gone"));
}

TEST_F(CronCalls, NameEveryBadLineOfACrontabWithItsColumn) {
  EXPECT_THAT(
      Faults(Apply("* * * * * good\n99 * * * * a\n\n* * * * * b ?max=x\n", "file")),
      ElementsAre(HasSubstr("name must not be \"file\""), HasSubstr("crontab line 2, column 1: "),
                  HasSubstr("crontab line 4, column 18: ")));
}

TEST_F(CronCalls, PauseResumeAndRemoveByIdentifier) {
  v1::PauseCronRequest pause;
  pause.set_identifier("c");
  v1::PauseCronResponse paused;
  Context first;
  ASSERT_TRUE(admin_->PauseCron(&first, pause, &paused).ok());
  EXPECT_TRUE(paused.cron().paused());
  EXPECT_FALSE(paused.cron().has_next_run() || paused.cron().has_last_run());

  v1::ResumeCronRequest resume;
  resume.set_identifier("c");
  v1::ResumeCronResponse resumed;
  Context second;
  ASSERT_TRUE(admin_->ResumeCron(&second, resume, &resumed).ok());
  EXPECT_EQ(gate_.last_cron_change()->kind, Kind::kResume);

  v1::RemoveCronRequest remove;
  v1::RemoveCronResponse removed;
  Context third;
  EXPECT_THAT(Faults(admin_->RemoveCron(&third, remove, &removed)),
              ElementsAre(HasSubstr("identifier must have 1 to 128")));
  remove.set_identifier("c");
  Context fourth;
  ASSERT_TRUE(admin_->RemoveCron(&fourth, remove, &removed).ok());
  EXPECT_EQ(gate_.last_cron_change()->kind, Kind::kRemove);
  EXPECT_EQ(gate_.last_cron_change()->identifier, "c");
}

TEST_F(CronCalls, SayWhoseACronIs) {
  gate_.AnswerWith(CronOwned("mail", "the crontab file of the leader"));
  const grpc::Status status = Put(Good());
  EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(DetailsOf(status).error.reason(), "CRON_OWNED");
}

TEST_F(CronCalls, RunACronUnderARequestId) {
  v1::RunCronRequest request;
  request.set_identifier("c");
  request.set_request_id("r");
  v1::RunCronResponse response;
  Context first;
  ASSERT_TRUE(admin_->RunCron(&first, request, &response).ok());
  EXPECT_EQ(response.job_id(), "77");
  EXPECT_TRUE(gate_.last_cron_request().has_value());
  request.set_identifier("none");
  Context second;
  const grpc::Status status = admin_->RunCron(&second, request, &response);
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(DetailsOf(status).error.reason(), "CRON_NOT_FOUND");
}

TEST_F(CronCalls, ListPageAfterPage) {
  std::vector<std::string> seen;
  v1::ListCronsRequest request;
  request.set_page_size(2);
  for (int pages = 1; pages <= 3; ++pages) {
    v1::ListCronsResponse response;
    Context context;
    ASSERT_TRUE(admin_->ListCrons(&context, request, &response).ok());
    for (const v1::Cron& cron : response.crons()) seen.push_back(cron.spec().identifier());
    request.set_page_token(response.next_page_token());
    EXPECT_EQ(response.next_page_token().empty(), pages == 3);
  }
  EXPECT_THAT(seen, ElementsAre("c0", "c1", "c2", "c3", "c4"));
  request.set_page_token("x");
  v1::ListCronsResponse response;
  Context context;
  EXPECT_THAT(Faults(admin_->ListCrons(&context, request, &response)),
              ElementsAre(HasSubstr("page_token")));
}

}  // namespace
}  // namespace leasehold::rpc
