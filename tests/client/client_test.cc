#include "client/cpp/client.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "tests/client/scripted_server.h"

namespace leasehold::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

grpc::Status WithDetail(grpc::StatusCode code, const std::string& message,
                        const google::protobuf::Message& detail) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(code));
  status.set_message(message);
  status.add_details()->PackFrom(detail);
  return {code, message, status.SerializeAsString()};
}

grpc::Status RetrySoon(grpc::StatusCode code) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(1'000'000);
  return WithDetail(code, "not now", retry);
}

grpc::Status AnswerWithId(const v1::AddJobRequest&, v1::AddJobResponse& response) {
  response.set_id("1");
  return grpc::Status::OK;
}

class AClient : public ::testing::Test {
 protected:
  ScriptedServer server_;
  Client client_{{.address = server_.address()}};
};

TEST_F(AClient, SendsEveryFieldOfAJob) {
  v1::NewJob sent;
  server_.OnAddJob([&](const v1::AddJobRequest& request, v1::AddJobResponse& response) {
    sent = request.job();
    return AnswerWithId(request, response);
  });
  const auto id = client_.AddJob({.task = "hello",
                                  .payload = R"({"name":"you"})",
                                  .queue = "q",
                                  .run_at = absl::FromUnixMillis(1'500),
                                  .max_attempts = 3,
                                  .key = "k",
                                  .priority = -1,
                                  .flags = {"gpu"},
                                  .if_exists = IfExists::kReject,
                                  .metadata = {{"traceparent", "00-1"}}});
  ASSERT_EQ(id.status(), absl::OkStatus());
  EXPECT_EQ(*id, "1");
  EXPECT_EQ(sent.task(), "hello");
  EXPECT_EQ(sent.payload(), R"({"name":"you"})");
  EXPECT_EQ(sent.queue_name(), "q");
  EXPECT_EQ(sent.run_at().seconds(), 1);
  EXPECT_EQ(sent.run_at().nanos(), 500'000'000);
  EXPECT_FALSE(sent.has_delay());
  EXPECT_EQ(sent.max_attempts(), 3);
  EXPECT_EQ(sent.key(), "k");
  EXPECT_EQ(sent.priority(), -1);
  EXPECT_EQ(sent.flags(0), "gpu");
  EXPECT_EQ(sent.if_exists(), v1::IF_EXISTS_REJECT);
  EXPECT_EQ(sent.metadata().at("traceparent"), "00-1");
}

TEST_F(AClient, LeavesWhatIsNotGivenToTheServer) {
  v1::NewJob sent;
  server_.OnAddJob([&](const v1::AddJobRequest& request, v1::AddJobResponse& response) {
    sent = request.job();
    return AnswerWithId(request, response);
  });
  EXPECT_TRUE(client_.AddJob({.task = "hello"}).ok());
  v1::NewJob expected;
  expected.set_task("hello");
  EXPECT_EQ(sent.SerializeAsString(), expected.SerializeAsString());
}

TEST_F(AClient, RepeatsACallThatMaySucceedLaterUnderItsRequestId) {
  std::vector<std::string> request_ids;
  for (const grpc::StatusCode code :
       {grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::RESOURCE_EXHAUSTED}) {
    server_.OnAddJob([&, code](const v1::AddJobRequest& request, v1::AddJobResponse&) {
      request_ids.push_back(request.request_id());
      return RetrySoon(code);
    });
  }
  server_.OnAddJob([&](const v1::AddJobRequest& request, v1::AddJobResponse& response) {
    request_ids.push_back(request.request_id());
    return AnswerWithId(request, response);
  });
  EXPECT_TRUE(client_.AddJob({.task = "hello"}).ok());
  ASSERT_EQ(request_ids.size(), 3);
  EXPECT_EQ(request_ids[0].size(), 36);
  EXPECT_EQ(request_ids[1], request_ids[0]);
  EXPECT_EQ(request_ids[2], request_ids[0]);
}

TEST_F(AClient, UsesANewRequestIdForEachCall) {
  std::vector<std::string> request_ids;
  for (int i = 0; i < 2; ++i) {
    server_.OnAddJob([&](const v1::AddJobRequest& request, v1::AddJobResponse& response) {
      request_ids.push_back(request.request_id());
      return AnswerWithId(request, response);
    });
    EXPECT_TRUE(client_.AddJob({.task = "hello"}).ok());
  }
  EXPECT_NE(request_ids[0], request_ids[1]);
}

TEST_F(AClient, NamesEveryBadField) {
  google::rpc::BadRequest bad;
  for (const char* field : {"job.task", "job.priority"}) {
    auto* violation = bad.add_field_violations();
    violation->set_field(field);
    violation->set_description("is wrong");
  }
  server_.OnAddJob([&](const v1::AddJobRequest&, v1::AddJobResponse&) {
    return WithDetail(grpc::StatusCode::INVALID_ARGUMENT, "the job is not valid", bad);
  });
  const absl::Status status = client_.AddJob({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("job.task: is wrong"), HasSubstr("job.priority: is wrong")));
}

TEST_F(AClient, TellsTheReasonOfAnError) {
  google::rpc::ErrorInfo info;
  info.set_reason("KEY_EXISTS");
  info.set_domain("leasehold");
  server_.OnAddJob([&](const v1::AddJobRequest&, v1::AddJobResponse&) {
    return WithDetail(grpc::StatusCode::ALREADY_EXISTS, "there already", info);
  });
  const absl::Status status = client_.AddJob({.task = "hello"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(status), "KEY_EXISTS");
}

TEST_F(AClient, SaysThatTheServerDoesNotKnowACall) {
  EXPECT_THAT(client_.GetJob("1").status().message(), HasSubstr("older than this program"));
}

TEST_F(AClient, MakesThePayloadOfABatchJobOfItsItems) {
  v1::NewJob sent;
  server_.OnAddJob([&](const v1::AddJobRequest& request, v1::AddJobResponse& response) {
    sent = request.job();
    return AnswerWithId(request, response);
  });
  const auto id =
      client_.AddBatchJob({.task = "resize", .priority = 3}, {"1.0", R"({"a": 1e999})"});
  EXPECT_EQ(id.status(), absl::OkStatus());
  EXPECT_EQ(sent.task(), "resize");
  EXPECT_EQ(sent.priority(), 3);
  EXPECT_EQ(sent.payload(), R"([1.0,{"a": 1e999}])");
}

TEST_F(AClient, RefusesABatchJobWithoutItemsOrWithOneThatIsNoJson) {
  const auto refusal = [&](NewJob job, const std::vector<std::string>& items) {
    const absl::Status status = client_.AddBatchJob(std::move(job), items).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_EQ(refusal({.task = "resize"}, {}), "items: must not be empty");
  EXPECT_EQ(refusal({.task = "resize"}, {"1", "2,3"}),
            "items[1]: is not valid JSON: unexpected text after the value at byte 1");
  EXPECT_EQ(refusal({.task = "resize", .payload = "[1]"}, {"1"}),
            "job.payload: leave it empty, the items become it");
}

TEST_F(AClient, RefusesTextThatNoServerCanRead) {
  const absl::Status status =
      client_.AddJob({.task = "hello", .payload = "\"\xff\"", .key = "\xc0\x80"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), "not UTF-8: job.payload, job.key");
}

TEST_F(AClient, TriesTheNextAddressWhenNobodyAnswersAtOne) {
  server_.OnAddJob(AnswerWithId);
  // Nothing listens on port 1.
  Client client({.address = "127.0.0.1:1," + server_.address()});
  EXPECT_TRUE(client.AddJob({.task = "hello"}).ok());
}

TEST_F(AClient, GivesUpAtItsDeadlineAndNamesTheServer) {
  Client client({.address = "127.0.0.1:1", .deadline = absl::Seconds(1)});
  const absl::Status status = client.AddJob({.task = "hello"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("127.0.0.1:1"), HasSubstr("is the server up there?")));
}

}  // namespace
}  // namespace leasehold::client
