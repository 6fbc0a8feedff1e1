#include <gmock/gmock.h>

#include <ctime>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/base/errors.h"
#include "tests/rpc/rpc_test.h"

namespace leasehold::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using ServicesTest = RpcTest;

TEST_F(ServicesTest, AddsAJobAndReadsItBack) {
  v1::AddJobRequest add = MakeAddJob();
  add.mutable_job()->set_payload("{ \"to\": \"é\" }");
  (*add.mutable_job()->mutable_metadata())["traceparent"] = "00-1";
  v1::AddJobResponse added;
  Context context;
  ASSERT_TRUE(jobs_->AddJob(&context, add, &added).ok());

  v1::GetJobRequest get;
  get.set_id(added.id());
  v1::GetJobResponse got;
  Context get_context;
  ASSERT_TRUE(jobs_->GetJob(&get_context, get, &got).ok());
  EXPECT_EQ(got.job().task(), "mail");
  EXPECT_EQ(got.job().payload(), "{ \"to\": \"é\" }");
  EXPECT_EQ(got.job().metadata().at("traceparent"), "00-1");
}

TEST_F(ServicesTest, AnswersARepeatedRequestAsTheFirstTime) {
  v1::AddJobRequest request = MakeAddJob();
  request.set_request_id("once");
  v1::AddJobResponse first, second;
  Context first_context, second_context, third_context;
  ASSERT_TRUE(jobs_->AddJob(&first_context, request, &first).ok());
  ASSERT_TRUE(jobs_->AddJob(&second_context, request, &second).ok());
  EXPECT_EQ(first.id(), second.id());

  request.mutable_job()->set_payload("2");
  const grpc::Status reused = jobs_->AddJob(&third_context, request, &second);
  EXPECT_EQ(reused.error_code(), grpc::ALREADY_EXISTS);
  EXPECT_EQ(DetailsOf(reused).error.reason(), "REQUEST_ID_REUSED");
}

TEST_F(ServicesTest, NamesEveryBadFieldInTheDetails) {
  v1::AddJobsRequest request;
  request.set_request_id(std::string(200, 'x'));
  request.add_jobs()->set_task("fine");
  request.add_jobs()->set_payload("{");
  v1::AddJobsResponse response;
  Context context;

  const grpc::Status status = jobs_->AddJobs(&context, request, &response);

  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  const Details details = DetailsOf(status);
  EXPECT_EQ(details.code, grpc::INVALID_ARGUMENT);
  EXPECT_EQ(details.message, status.error_message());
  EXPECT_EQ(details.error.domain(), "leasehold");
  std::vector<std::string> fields;
  for (const auto& fault : details.bad_request.field_violations()) fields.push_back(fault.field());
  EXPECT_THAT(fields, ElementsAre("request_id", "jobs[1].task", "jobs[1].payload"));
  EXPECT_THAT(gate_.added(), IsEmpty());
}

TEST_F(ServicesTest, AddsJobsInOrder) {
  v1::AddJobsRequest request;
  for (int i = 0; i < 500; ++i) request.add_jobs()->set_task("t" + std::to_string(i));
  v1::AddJobsResponse response;
  Context context;
  ASSERT_TRUE(jobs_->AddJobs(&context, request, &response).ok());
  EXPECT_THAT(response.ids(), SizeIs(500));
  EXPECT_EQ(gate_.added()[499].task, "t499");
}

TEST_F(ServicesTest, RefusesAnEmptyOrHugeBatch) {
  v1::AddJobsRequest request;
  v1::AddJobsResponse response;
  Context empty_context, huge_context;
  EXPECT_EQ(jobs_->AddJobs(&empty_context, request, &response).error_message(),
            "jobs must have 1 to 10000 elements, not 0");
  for (int i = 0; i < 10'001; ++i) request.add_jobs()->set_task("t");
  EXPECT_EQ(jobs_->AddJobs(&huge_context, request, &response).error_message(),
            "jobs must have 1 to 10000 elements, not 10001");
}

TEST_F(ServicesTest, TellsWhenToComeBack) {
  gate_.AnswerWith(ServerFull());
  v1::AddJobResponse response;
  Context context;

  const grpc::Status status = jobs_->AddJob(&context, MakeAddJob(), &response);

  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  const Details details = DetailsOf(status);
  EXPECT_EQ(details.error.reason(), "SERVER_FULL");
  EXPECT_EQ(details.retry.retry_delay().nanos(), 200'000'000);
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto pushback = trailers.find("grpc-retry-pushback-ms");
  ASSERT_NE(pushback, trailers.end());
  EXPECT_EQ(pushback->second, "200");
}

TEST_F(ServicesTest, CutsAMessageThatClientsWouldRefuse) {
  gate_.AnswerWith(absl::InternalError(std::string(100'000, '\n')));
  v1::AddJobResponse response;
  Context context;
  const grpc::Status status = jobs_->AddJob(&context, MakeAddJob(), &response);
  EXPECT_EQ(status.error_code(), grpc::INTERNAL);
  EXPECT_EQ(status.error_message(), std::string(1024, '\n'));
}

TEST_F(ServicesTest, SaysNotFound) {
  v1::GetJobRequest get;
  get.set_id("77");
  v1::GetJobResponse got;
  Context get_context;
  const grpc::Status no_job = jobs_->GetJob(&get_context, get, &got);
  EXPECT_EQ(no_job.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(DetailsOf(no_job).error.reason(), "JOB_NOT_FOUND");

  v1::RemoveJobRequest remove;
  remove.set_key("nobody");
  v1::RemoveJobResponse removed;
  Context remove_context;
  EXPECT_EQ(jobs_->RemoveJob(&remove_context, remove, &removed).error_code(), grpc::NOT_FOUND);
}

TEST_F(ServicesTest, PagesThroughJobsWithoutTheirPayloads) {
  v1::AddJobsRequest add;
  for (int i = 0; i < 7; ++i) add.add_jobs()->set_task("mail");
  v1::AddJobsResponse added;
  Context add_context;
  ASSERT_TRUE(jobs_->AddJobs(&add_context, add, &added).ok());

  v1::ListJobsRequest list;
  list.set_page_size(3);
  std::vector<int> sizes;
  std::vector<std::string> ids;
  do {
    v1::ListJobsResponse page;
    Context context;
    ASSERT_TRUE(jobs_->ListJobs(&context, list, &page).ok());
    sizes.push_back(page.jobs_size());
    for (const v1::Job& job : page.jobs()) {
      ids.push_back(job.id());
      EXPECT_EQ(job.payload(), "");
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());

  EXPECT_THAT(sizes, ElementsAre(3, 3, 1));
  EXPECT_THAT(ids, ElementsAre("1", "2", "3", "4", "5", "6", "7"));
}

TEST_F(ServicesTest, EndsAPageBeforeItIsLargerThanClientsAccept) {
  std::vector<NewJob> jobs(100);
  for (NewJob& job : jobs) job.payload = std::string(64 * 1024, ' ') + "1";  // and so their errors
  gate_.AddJobs(std::move(jobs), std::nullopt, [](const auto&) {});

  v1::ListJobsRequest list;
  list.set_page_size(1000);
  int listed = 0;
  int pages = 0;
  do {
    v1::ListJobsResponse page;
    Context context;
    ASSERT_TRUE(jobs_->ListJobs(&context, list, &page).ok());
    EXPECT_LT(page.ByteSizeLong(), 4 << 20);
    listed += page.jobs_size();
    ++pages;
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());

  EXPECT_EQ(listed, 100);
  EXPECT_EQ(pages, 3);
}

TEST_F(ServicesTest, CompletesOneLeaseOrSaysThatItIsLost) {
  gate_.AddLease(MakeToken(1));
  v1::CompleteRequest request;
  v1::CompleteResponse response;
  request.add_lease_tokens(MakeToken(1).Encode());
  Context live_context, lost_context, nobodys_context;
  EXPECT_TRUE(executors_->Complete(&live_context, request, &response).ok());

  request.set_lease_tokens(0, MakeToken(2).Encode());
  const grpc::Status lost = executors_->Complete(&lost_context, request, &response);
  EXPECT_EQ(lost.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(DetailsOf(lost).error.reason(), "LEASE_LOST");

  request.set_lease_tokens(0, "nobody's");
  const grpc::Status nobodys = executors_->Complete(&nobodys_context, request, &response);
  EXPECT_EQ(nobodys.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(nobodys).error.reason(), "INVALID_TOKEN");
}

TEST_F(ServicesTest, AnswersForEachOfSeveralLeases) {
  gate_.AddLease(MakeToken(1));
  gate_.AddLease(MakeToken(4));
  v1::FailRequest request;
  for (const std::string& token : {MakeToken(1).Encode(), std::string("nobody's"),
                                   MakeToken(3).Encode(), MakeToken(4).Encode()}) {
    request.add_failures()->set_lease_token(token);
  }
  request.mutable_failures(3)->mutable_fail()->set_payload("not json");
  v1::FailResponse response;
  Context context;

  ASSERT_TRUE(executors_->Fail(&context, request, &response).ok());

  ASSERT_THAT(response.results(), SizeIs(3));
  EXPECT_EQ(response.results(0).reason(), "INVALID_TOKEN");
  EXPECT_EQ(response.results(0).code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(response.results(1).reason(), "LEASE_LOST");
  EXPECT_EQ(response.results(1).code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(response.results(1).lease_token(), MakeToken(3).Encode());
  EXPECT_EQ(response.results(2).reason(), "INVALID_OUTCOME");
  EXPECT_THAT(response.results(2).message(), HasSubstr("payload is not valid JSON"));
}

TEST_F(ServicesTest, CountsJobsAndNamesTheServer) {
  v1::AddJobResponse added;
  Context add_context;
  ASSERT_TRUE(jobs_->AddJob(&add_context, MakeAddJob(), &added).ok());
  v1::GetStatsResponse stats;
  Context context;
  ASSERT_TRUE(admin_->GetStats(&context, {}, &stats).ok());
  EXPECT_EQ(stats.ready(), 1);
  EXPECT_EQ(stats.added_total(), 1);
  EXPECT_EQ(stats.epoch(), 1);
  EXPECT_EQ(stats.server_id(), "server-1");
  EXPECT_EQ(stats.server_version(), "9.9");
  EXPECT_GT(stats.started_at().seconds(), 0);
}

TEST_F(ServicesTest, ListsTheServers) {
  v1::ListServersResponse response;
  Context context;
  ASSERT_TRUE(admin_->ListServers(&context, {}, &response).ok());
  ASSERT_EQ(response.servers_size(), 1);
  EXPECT_EQ(response.servers(0).address(), "10.0.0.1:7411");
  EXPECT_EQ(response.servers(0).streams(), 7);
  EXPECT_TRUE(response.servers(0).leads());
  EXPECT_EQ(response.servers(0).epoch(), 4);
  EXPECT_EQ(response.servers(0).silent().nanos(), 300'000'000);
}

// A status, or the time that the answer names.
class AdvanceClockTest : public ServicesTest {
 protected:
  grpc::Status Advance(int64_t seconds, int nanos = 0) {
    v1::AdvanceClockRequest request;
    request.mutable_by()->set_seconds(seconds);
    request.mutable_by()->set_nanos(nanos);
    Context context;
    return admin_->AdvanceClock(&context, request, &response_);
  }

  v1::AdvanceClockResponse response_;
};

TEST_F(AdvanceClockTest, AnswersWithTheTimeOfTheJobs) {
  ASSERT_TRUE(Advance(7200).ok());
  ASSERT_TRUE(Advance(0, 500'000'000).ok());
  EXPECT_EQ(response_.now().seconds(), 1'700'000'000 + 7200);
  EXPECT_EQ(response_.now().nanos(), 500'000'000);
}

TEST_F(AdvanceClockTest, ShowsJobsInTheStateThatTheyHaveByIt) {
  v1::AddJobRequest add = MakeAddJob();
  add.mutable_job()->mutable_run_at()->set_seconds(time(nullptr) + 3600);
  v1::AddJobResponse added;
  Context add_context;
  ASSERT_TRUE(jobs_->AddJob(&add_context, add, &added).ok());
  const auto states = [&] {
    v1::GetJobRequest get;
    get.set_id(added.id());
    v1::GetJobResponse got;
    Context get_context;
    EXPECT_TRUE(jobs_->GetJob(&get_context, get, &got).ok());
    v1::ListJobsResponse listed;
    Context list_context;
    EXPECT_TRUE(jobs_->ListJobs(&list_context, {}, &listed).ok());
    return std::pair(got.job().state(), listed.jobs(0).state());
  };
  EXPECT_EQ(states(), std::pair(v1::JOB_STATE_SCHEDULED, v1::JOB_STATE_SCHEDULED));
  ASSERT_TRUE(Advance(7200).ok());
  EXPECT_EQ(states(), std::pair(v1::JOB_STATE_READY, v1::JOB_STATE_READY));
}

TEST_F(AdvanceClockTest, RefusesToGoBackOrTooFar) {
  for (const int64_t seconds : {int64_t{-1}, int64_t{365'001} * 86'400}) {
    const Details details = DetailsOf(Advance(seconds));
    EXPECT_EQ(details.code, grpc::INVALID_ARGUMENT);
    ASSERT_EQ(details.bad_request.field_violations_size(), 1);
    EXPECT_EQ(details.bad_request.field_violations(0).field(), "by");
  }
}

TEST_F(AdvanceClockTest, SaysThatTheClockOfAServerThatKeepsItsJobsIsFixed) {
  gate_.AnswerWith(ClockFixed());
  const Details details = DetailsOf(Advance(1));
  EXPECT_EQ(details.code, grpc::FAILED_PRECONDITION);
  EXPECT_EQ(details.error.reason(), "CLOCK_FIXED");
}

TEST_F(ServicesTest, DropsAnswersWhoseCallersHaveGone) {
  gate_.Hold(true);
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([this] {
      for (int n = 0; n < 10; ++n) {
        v1::AddJobResponse response;
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(20));
        EXPECT_EQ(jobs_->AddJob(&context, MakeAddJob(), &response).error_code(),
                  grpc::DEADLINE_EXCEEDED);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  gate_.Hold(false);

  v1::AddJobResponse response;
  Context context;
  EXPECT_TRUE(jobs_->AddJob(&context, MakeAddJob(), &response).ok());
}

}  // namespace
}  // namespace leasehold::rpc
