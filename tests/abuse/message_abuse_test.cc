// Bad messages, each answered with a code and a reason, the server serving on.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/rpc/rpc_test.h"

namespace leasehold::rpc {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kAddJob[] = "/leasehold.v1.JobService/AddJob";
constexpr size_t kReceiveLimit = 4 << 20;

class MessageAbuseTest : public RpcTest {
 protected:
  ~MessageAbuseTest() override {
    v1::AddJobResponse response;
    Context context;
    auto jobs = v1::JobService::NewStub(NewChannel());
    EXPECT_TRUE(jobs->AddJob(&context, MakeAddJob(), &response).ok()) << "the server is harmed";
  }

  grpc::Status Call(const std::string& method, const std::string& bytes,
                    grpc_compression_algorithm compression = GRPC_COMPRESS_NONE) {
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer in(&slice, 1);
    grpc::ByteBuffer out;
    grpc::Status status;
    Context context;
    context.set_compression_algorithm(compression);
    grpc::CompletionQueue queue;
    auto call = grpc::GenericStub(channel_).PrepareUnaryCall(&context, method, in, &queue);
    call->StartCall();
    call->Finish(&out, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status;
  }

  grpc::Status AddJob(const v1::NewJob& job) {
    v1::AddJobRequest request;
    *request.mutable_job() = job;
    v1::AddJobResponse response;
    Context context;
    return jobs_->AddJob(&context, request, &response);
  }

  void ExpectUnreadable(const std::string& bytes) {
    for (const char* method :
         {kAddJob, "/leasehold.v1.JobService/AddJobs", "/leasehold.v1.ExecutorService/Fail"}) {
      const grpc::Status status = Call(method, bytes);
      EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << method;
      EXPECT_EQ(DetailsOf(status).error.reason(), "UNREADABLE_MESSAGE") << method;
    }
  }
};

v1::NewJob MinimalJob() { return MakeAddJob().job(); }

TEST_F(MessageAbuseTest, NamesWhatAnEmptyRequestLacks) {
  for (const char* method :
       {"JobService/AddJob", "JobService/AddJobs", "JobService/GetJob", "JobService/RemoveJob",
        "ExecutorService/Complete", "ExecutorService/Fail"}) {
    const grpc::Status status = Call("/leasehold.v1." + std::string(method), "");
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << method;
    EXPECT_GE(DetailsOf(status).bad_request.field_violations_size(), 1) << method;
  }
  EXPECT_TRUE(Call("/leasehold.v1.JobService/ListJobs", "").ok());
  EXPECT_TRUE(Call("/leasehold.v1.AdminService/GetStats", "").ok());
}

TEST_F(MessageAbuseTest, IgnoresUnknownFields) {
  std::string bytes = MakeAddJob().SerializeAsString();
  bytes += std::string("\xA2\x06\x80\x80\x40", 5) + std::string(1 << 20, 'x');  // field 100
  EXPECT_TRUE(Call(kAddJob, bytes).ok());
}

TEST_F(MessageAbuseTest, RefusesBytesThatAreNoMessage) {
  ExpectUnreadable("\x0a\x7f");                         // truncated
  ExpectUnreadable("\x0a\xff\xff\xff\xff\x0f");         // a length of 4 GiB
  ExpectUnreadable(std::string(11, '\xff'));            // a number of more than 64 bits
  ExpectUnreadable("\x0c");                             // the end of no group
  ExpectUnreadable(std::string(200, '\xa3') + "\x06");  // a group in a group in a group...
  ExpectUnreadable("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

TEST_F(MessageAbuseTest, TakesAFieldOfAnotherWireTypeForUnknown) {
  const grpc::Status status = Call(kAddJob, "\x0a\x02\x08\x01");  // the task as a number
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("job.task must have"));
}

TEST_F(MessageAbuseTest, RefusesTextThatIsNotUtf8) {
  v1::AddJobRequest request = MakeAddJob("mailmail");
  std::string bytes = request.SerializeAsString();
  bytes.replace(bytes.find("mailmail"), 4, "\xff\xfe\xc0\x80");
  const grpc::Status status = Call(kAddJob, bytes);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("UTF-8"));
}

TEST_F(MessageAbuseTest, HoldsTheLimitOfAMessageToTheByte) {
  const auto padded = [](size_t size) {
    std::string bytes = MakeAddJob().SerializeAsString();
    const size_t pad = size - bytes.size() - 6;
    bytes += "\xA2\x06";
    for (int i = 0; i < 3; ++i) bytes.push_back(static_cast<char>(0x80 | (pad >> (7 * i) & 0x7f)));
    bytes.push_back(static_cast<char>(pad >> 21));
    return bytes + std::string(pad, 'x');
  };
  ASSERT_EQ(padded(kReceiveLimit).size(), kReceiveLimit);
  EXPECT_TRUE(Call(kAddJob, padded(kReceiveLimit - 1)).ok());
  EXPECT_TRUE(Call(kAddJob, padded(kReceiveLimit)).ok());
  EXPECT_EQ(Call(kAddJob, padded(kReceiveLimit + 1)).error_code(), grpc::RESOURCE_EXHAUSTED);
}

TEST_F(MessageAbuseTest, UnpacksNoBomb) {
  const std::string bomb = "\xA2\x06\x80\x80\x80\x08" + std::string(16 << 20, '\0');
  EXPECT_EQ(Call(kAddJob, bomb, GRPC_COMPRESS_GZIP).error_code(), grpc::UNIMPLEMENTED);
}

TEST_F(MessageAbuseTest, HoldsNoMessageThatIsLargerThanItsMemory) {
  GrpcServerOptions options = DefaultOptions();
  options.max_buffered_bytes = 1;
  GrpcServer small(options, gate_);
  ASSERT_TRUE(small.Start().ok());
  small.LeadHere();
  channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(small.port()),
                                 grpc::InsecureChannelCredentials());

  const grpc::Status status = Call(kAddJob, std::string(64 << 20, 'x'));

  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  // That would mean that it was read to its end.
  EXPECT_THAT(status.error_message(), Not(HasSubstr("larger than max")));
}

TEST_F(MessageAbuseTest, KeepsStrangeNamesAsTheyAre) {
  const std::vector<std::string> names = {"'; DROP TABLE jobs; --",
                                          "../../etc/passwd",
                                          "%s%n%s%n",
                                          "a\nb\r\n\x1b[31m",
                                          "\xE2\x80\xAE"
                                          "abc",
                                          "null",
                                          "\xF0\x9F\x92\xA9",
                                          "\\0",
                                          "$1",
                                          " "};
  for (const std::string& name : names) {
    v1::NewJob job = MinimalJob();
    job.set_task(name);
    job.set_queue_name(name);
    job.set_key(name);
    EXPECT_TRUE(AddJob(job).ok()) << name;
  }
  ASSERT_EQ(gate_.added().size(), names.size());
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(gate_.added()[i].task, names[i]);
}

TEST_F(MessageAbuseTest, RefusesNamesThatAreTooLong) {
  v1::NewJob job = MinimalJob();
  job.set_queue_name(std::string(1 << 20, 'q'));
  EXPECT_EQ(AddJob(job).error_message(),
            "job.queue_name must have 1 to 128 characters, not 1048576");
}

TEST_F(MessageAbuseTest, KeepsAnEscapedNulInAPayload) {
  v1::NewJob job = MinimalJob();
  job.set_payload("\"\\u0000\"");
  EXPECT_TRUE(AddJob(job).ok());
  job.set_payload(std::string("\"\0\"", 3));
  EXPECT_EQ(AddJob(job).error_code(), grpc::INVALID_ARGUMENT);
}

TEST_F(MessageAbuseTest, RefusesAPayloadThatIsNestedTooDeep) {
  v1::NewJob job = MinimalJob();
  job.set_payload(std::string(1000, '['));
  const grpc::Status status = AddJob(job);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("nested deeper than 512 levels"));
}

TEST_F(MessageAbuseTest, RefusesAFloodOfMetadata) {
  v1::NewJob job = MinimalJob();
  for (int i = 0; i < 100'000; ++i) (*job.mutable_metadata())[std::to_string(i)] = "";
  const grpc::Status status = AddJob(job);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("job.metadata must have at most 8192 bytes"));
}

TEST_F(MessageAbuseTest, AnswersAHugeBatchOfBadJobsInFewWords) {
  v1::AddJobsRequest request;
  for (int i = 0; i < 10'000; ++i) request.add_jobs()->set_priority(1 << 30);
  v1::AddJobsResponse response;
  Context context;
  const grpc::Status status = jobs_->AddJobs(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_LT(status.error_details().size(), 6 * 1024);
  const auto violations = DetailsOf(status).bad_request.field_violations();
  EXPECT_THAT(violations.rbegin()->description(), HasSubstr("more"));
}

TEST_F(MessageAbuseTest, RefusesIdsThatAreNone) {
  for (const char* id : {"", "0", "-1", "00000000-0000-0000-0000-000000000000", "1e3",
                         "99999999999999999999", "1; DELETE FROM jobs"}) {
    v1::GetJobRequest request;
    request.set_id(id);
    v1::GetJobResponse response;
    Context context;
    EXPECT_EQ(jobs_->GetJob(&context, request, &response).error_code(), grpc::INVALID_ARGUMENT)
        << id;
  }
}

TEST_F(MessageAbuseTest, AddsOneJobForAHundredCallsWithOneRequestId) {
  v1::AddJobRequest request = MakeAddJob();
  request.set_request_id("é one and the same");
  std::vector<std::string> ids(100);
  std::vector<std::thread> callers;
  for (std::string& id : ids) {
    callers.emplace_back([&] {
      v1::AddJobResponse response;
      Context context;
      EXPECT_TRUE(jobs_->AddJob(&context, request, &response).ok());
      id = response.id();
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(ids, testing::Each(ids.front()));
  EXPECT_EQ(gate_.added().size(), 1);
}

TEST_F(MessageAbuseTest, LimitsTheLeasesOfACall) {
  v1::CompleteRequest request;
  for (int i = 0; i < 100'000; ++i) request.add_lease_tokens("t");
  v1::CompleteResponse response;
  Context many, duplicates;
  EXPECT_EQ(executors_->Complete(&many, request, &response).error_message(),
            "lease_tokens must have 1 to 10000 elements, not 100000");

  gate_.AddLease(MakeToken(1));
  request.clear_lease_tokens();
  for (int i = 0; i < 100; ++i) request.add_lease_tokens(MakeToken(1).Encode());
  EXPECT_TRUE(executors_->Complete(&duplicates, request, &response).ok());
  EXPECT_EQ(response.results_size(), 0);
}

TEST_F(MessageAbuseTest, RefusesHeadersThatAreTooLarge) {
  // Too many bytes of headers end the connection: each call has its own.
  const auto call = [this](Context& context) {
    v1::AddJobResponse response;
    return v1::JobService::NewStub(NewChannel())->AddJob(&context, MakeAddJob(), &response);
  };
  Context large, many, garbage;
  large.AddMetadata("x-large", std::string(64 * 1024, 'x'));
  const auto refused = AnyOf(grpc::RESOURCE_EXHAUSTED, grpc::UNAVAILABLE);  // whichever is first
  EXPECT_THAT(call(large).error_code(), refused);
  for (int i = 0; i < 2000; ++i) many.AddMetadata("x-" + std::to_string(i), "value");
  EXPECT_THAT(call(many).error_code(), refused);
  garbage.AddMetadata("traceparent", "00-zzzz");
  garbage.AddMetadata("tracestate", std::string(8 * 1024, 't'));
  EXPECT_TRUE(call(garbage).ok());
}

TEST_F(MessageAbuseTest, EndsAStreamThatSendsNoFrames) {
  grpc::GenericStub stub(channel_);
  for (const std::string& bytes : {std::string("\x0a\x7f"), std::string(100, '\xff')}) {
    Context context;
    grpc::CompletionQueue queue;
    void* tag = nullptr;
    bool ok = false;
    auto call = stub.PrepareCall(&context, "/leasehold.v1.ExecutorService/LeaseJobs", &queue);
    call->StartCall(nullptr);
    queue.Next(&tag, &ok);
    const grpc::Slice slice(bytes);
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    queue.Next(&tag, &ok);
    grpc::Status status;
    call->Finish(&status, nullptr);
    queue.Next(&tag, &ok);
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
    EXPECT_EQ(DetailsOf(status).error.reason(), "UNREADABLE_MESSAGE");
  }
}

}  // namespace
}  // namespace leasehold::rpc
