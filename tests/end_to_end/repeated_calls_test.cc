#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/load.h"
#include "tests/end_to_end/raw_session.h"

// What is promised of a call that something on the way, such as a service mesh, sends more than
// once: the same bytes at the same time, after its answer, and to the next server.
namespace leasehold::testing {
namespace {

using ::testing::IsEmpty;

class ARepeatedCall : public EndToEndTest {
 protected:
  ARepeatedCall() : EndToEndTest({"--session-timeout=1m"}) { AuditJobs(database_.url()); }

  // Sends the call four times at once, once more, and once to the next server; returns its answers.
  template <typename Response, typename Request>
  std::vector<std::pair<grpc::Status, Response>> Repeat(const Request& request) {
    std::vector<std::pair<grpc::Status, Response>> answers(6);
    const auto send = [&](size_t i) {
      RawCaller caller(server_.address());
      answers[i].first = caller.Call(request, answers[i].second);
    };
    std::vector<std::thread> threads;
    for (size_t i = 0; i < 4; ++i) threads.emplace_back(send, i);
    for (std::thread& thread : threads) thread.join();
    send(4);
    server_.Kill();
    server_.Restart();
    send(5);
    return answers;
  }

  // The same where every answer is to be OK and alike: one of them.
  template <typename Response, typename Request>
  Response RepeatAlike(const Request& request) {
    const auto answers = Repeat<Response>(request);
    for (const auto& [status, response] : answers) {
      EXPECT_TRUE(status.ok()) << status.error_message();
      EXPECT_EQ(response.SerializeAsString(), answers[0].second.SerializeAsString());
    }
    return answers[0].second;
  }

  std::string Lease() {
    Add({.task = "work"});
    session_caller_ = std::make_unique<RawCaller>(server_.address());
    session_ = std::make_unique<RawSession>(*session_caller_, "raw", 1);
    return session_->Take().lease_token();
  }

  std::string Sql(const std::string& sql) const {
    pqxx::connection connection(database_.url());
    return pqxx::nontransaction(connection).exec1(sql)[0].c_str();
  }
  std::string Audited(const std::string& what) const {
    return Sql("SELECT count(*) FROM public.audit WHERE what = '" + what + "'");
  }

  std::unique_ptr<RawCaller> session_caller_;
  std::unique_ptr<RawSession> session_;
};

TEST_F(ARepeatedCall, AddsOneJob) {
  v1::AddJobRequest request;
  request.mutable_job()->set_task("work");
  request.set_request_id("one");
  EXPECT_NE(RepeatAlike<v1::AddJobResponse>(request).id(), "");
  EXPECT_EQ(Audited("INSERT"), "1");
}

TEST_F(ARepeatedCall, AddsItsJobsOnce) {
  v1::AddJobsRequest request;
  for (const char* task : {"a", "b", "c"}) request.add_jobs()->set_task(task);
  request.set_request_id("one");
  EXPECT_EQ(RepeatAlike<v1::AddJobsResponse>(request).ids_size(), 3);
  EXPECT_EQ(Audited("INSERT"), "3");
}

TEST_F(ARepeatedCall, ReplacesAJobOnce) {
  const std::string id = Add({.task = "work", .key = "k"});
  v1::AddJobRequest request;
  request.mutable_job()->set_task("other");
  request.mutable_job()->set_key("k");
  request.set_request_id("one");
  EXPECT_EQ(RepeatAlike<v1::AddJobResponse>(request).id(), id);
  EXPECT_EQ(Sql("SELECT revision FROM leasehold.job_rows"), "1");
}

TEST_F(ARepeatedCall, RemovesOneJobAndNotTheNextWithItsKey) {
  const std::string id = Add({.task = "work", .key = "k"});
  v1::RemoveJobRequest request;
  request.set_key("k");
  request.set_request_id("one");
  EXPECT_EQ(RepeatAlike<v1::RemoveJobResponse>(request).id(), id);
  Add({.task = "work", .key = "k"});
  EXPECT_EQ(RepeatAlike<v1::RemoveJobResponse>(request).id(), id);
  EXPECT_EQ(Sql("SELECT count(*) FROM leasehold.job_rows"), "1");
}

TEST_F(ARepeatedCall, FindsNothingAgainWhereItFoundNothing) {
  v1::RemoveJobRequest request;
  request.set_key("none");
  request.set_request_id("one");
  for (const auto& [status, response] : Repeat<v1::RemoveJobResponse>(request)) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND) << status.error_message();
  }
  EXPECT_TRUE(server_.process().running());
}

TEST_F(ARepeatedCall, CompletesAJobOnce) {
  v1::CompleteRequest request = CompleteRequestOf(Lease());
  request.set_request_id("one");
  EXPECT_THAT(RepeatAlike<v1::CompleteResponse>(request).results(), IsEmpty());
  EXPECT_EQ(Audited("DELETE"), "1");
}

TEST_F(ARepeatedCall, ChangesJobsByIdOnce) {
  v1::CompleteJobsRequest request;
  request.add_ids(Add({.task = "work"}));
  request.add_ids(Add({.task = "work"}));
  request.set_request_id("one");
  EXPECT_EQ(RepeatAlike<v1::CompleteJobsResponse>(request).ids_size(), 2);
  EXPECT_EQ(Audited("DELETE"), "2");
}

TEST_F(ARepeatedCall, FailsAJobOnce) {
  v1::FailRequest request = FailRequestOf(Lease(), "it broke");
  request.mutable_failures(0)->mutable_fail()->mutable_retry_after()->set_seconds(3600);
  request.set_request_id("one");
  EXPECT_THAT(RepeatAlike<v1::FailResponse>(request).results(), IsEmpty());
  EXPECT_EQ(Sql("SELECT attempts FROM leasehold.job_rows"), "1");
  EXPECT_EQ(Sql("SELECT activation FROM leasehold.job_rows"), "1");
}

TEST_F(ARepeatedCall, WithoutARequestIdStillEndsItsLeaseOnce) {
  EXPECT_THAT(RepeatAlike<v1::CompleteResponse>(CompleteRequestOf(Lease())).results(), IsEmpty());
  EXPECT_EQ(Audited("DELETE"), "1");
}

}  // namespace
}  // namespace leasehold::testing
