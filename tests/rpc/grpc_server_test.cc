#include "server/rpc/grpc_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/rpc/owned_fd.h"
#include "tests/rpc/rpc_test.h"

namespace leasehold::rpc {
namespace {

using testing::AllOf;
using testing::Field;
using testing::Gt;
using testing::HasSubstr;
using testing::StrEq;
using testing::UnorderedElementsAre;

OwnedFd Connect(int port) {
  OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return {};
  return fd;
}

// The bytes of a health check's answer: field 1, the status.
std::string Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  const std::string request =
      service.empty() ? std::string()
                      : "\x0a" + std::string(1, static_cast<char>(service.size())) + service;
  const grpc::Slice slice(request);
  const grpc::ByteBuffer in(&slice, 1);
  grpc::ByteBuffer out;
  grpc::Status status;
  Context context;
  grpc::CompletionQueue queue;
  auto call = grpc::GenericStub(channel).PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                                          in, &queue);
  call->StartCall();
  call->Finish(&out, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return "error " + std::to_string(status.error_code());
  grpc::Slice answer;
  EXPECT_TRUE(out.TrySingleSlice(&answer).ok());
  const std::string bytes(answer.begin(), answer.end());
  return bytes == "\x08\x01" ? "SERVING" : bytes == "\x08\x02" ? "NOT_SERVING" : bytes;
}

// Asks for the list of services by reflection.
grpc::StatusCode Reflect(int port) {
  auto channel =
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
  Context context;
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  auto call = grpc::GenericStub(channel).PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  const auto done = [&] { return queue.Next(&tag, &ok) && ok; };
  call->StartCall(nullptr);
  done();
  const grpc::Slice list_services("\x3a\x00", 2);
  call->WriteLast(grpc::ByteBuffer(&list_services, 1), {}, nullptr);
  done();
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  done();
  grpc::Status status;
  call->Finish(&status, nullptr);
  done();
  return status.error_code();
}

using GrpcServerTest = RpcTest;

TEST_F(GrpcServerTest, SaysInOneSentenceThatThePortIsInUse) {
  GrpcServerOptions options = DefaultOptions();
  options.port = server_->port();
  GrpcServer second(options, gate_);

  const absl::Status status = second.Start();

  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(status.message(),
            "127.0.0.1 port " + std::to_string(options.port) +
                " is in use by another program: stop that, or choose another port with --listen");
}

TEST_F(GrpcServerTest, NamesAHostThatIsNotHere) {
  GrpcServerOptions options = DefaultOptions();
  options.host = "192.0.2.1";
  EXPECT_THAT(std::string(GrpcServer(options, gate_).Start().message()),
              HasSubstr("is no address of this machine"));
  options.host = "no-such-host.invalid";
  EXPECT_THAT(std::string(GrpcServer(options, gate_).Start().message()), HasSubstr("is not known"));
}

TEST_F(GrpcServerTest, ListensOnNamesAndOnIpv6) {
  for (const char* host : {"localhost", "::1", "::", "0.0.0.0"}) {
    GrpcServerOptions options = DefaultOptions();
    options.host = host;
    GrpcServer server(options, gate_);
    const absl::Status started = server.Start();
    if (std::string(host) == "::1" && !started.ok()) continue;  // a machine without IPv6
    ASSERT_TRUE(started.ok()) << started;
    EXPECT_GT(server.port(), 0);
  }
}

TEST_F(GrpcServerTest, TellsHealthPerService) {
  EXPECT_EQ(Health(channel_, ""), "NOT_SERVING");
  server_->SetServing(true);
  EXPECT_EQ(Health(channel_, ""), "SERVING");
  EXPECT_EQ(Health(channel_, "leasehold.v1.JobService"), "SERVING");
  EXPECT_EQ(Health(channel_, "leasehold.v1.ExecutorService"), "SERVING");
  EXPECT_EQ(Health(channel_, "nobody"), "error 5");
  server_->SetServing(false);
  EXPECT_EQ(Health(channel_, "leasehold.v1.AdminService"), "NOT_SERVING");
}

TEST_F(GrpcServerTest, ReflectsOnlyIfAsked) {
  EXPECT_EQ(Reflect(server_->port()), grpc::OK);
  GrpcServerOptions options = DefaultOptions();
  options.reflection = false;
  GrpcServer silent(options, gate_);
  ASSERT_TRUE(silent.Start().ok());
  silent.LeadHere();
  EXPECT_EQ(Reflect(silent.port()), grpc::UNIMPLEMENTED);
}

TEST_F(GrpcServerTest, IsAliveWhileItServes) { EXPECT_TRUE(server_->Alive()); }

TEST_F(GrpcServerTest, StopsTwiceAndAfterNoStart) {
  server_->Shutdown(absl::Seconds(1));
  server_->Shutdown(absl::Seconds(1));
  EXPECT_FALSE(server_->Alive());
  GrpcServer never_started(DefaultOptions(), gate_);
  never_started.Shutdown(absl::Seconds(1));
}

TEST_F(GrpcServerTest, WaitsForTheCallsUnderWay) {
  gate_.Hold(true);
  grpc::Status status;
  std::thread caller([this, &status] {
    v1::AddJobResponse response;
    Context context;
    status = jobs_->AddJob(&context, MakeAddJob(), &response);
  });
  while (gate_.calls() == 0) std::this_thread::yield();
  std::thread stop([this] { server_->Shutdown(absl::Seconds(60)); });
  gate_.Hold(false);
  caller.join();
  stop.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(GrpcServerTest, DoesNotWaitForAnAnswerThatNeverComes) {
  gate_.Hold(true);
  grpc::Status status;
  std::thread caller([this, &status] {
    v1::AddJobResponse response;
    Context context;
    status = jobs_->AddJob(&context, MakeAddJob(), &response);
  });
  while (gate_.calls() == 0) std::this_thread::yield();
  server_->Shutdown(absl::Milliseconds(50));
  caller.join();
  EXPECT_FALSE(status.ok());
  server_.reset();
  gate_.Hold(false);  // the late answer finds nothing, and harms nothing
}

TEST_F(GrpcServerTest, RefusesCallsWhileItHoldsTooManyBytes) {
  GrpcServerOptions options = DefaultOptions();
  options.max_request_bytes = 8 * 1024;
  GrpcServer small(options, gate_);
  ASSERT_TRUE(small.Start().ok());
  small.LeadHere();
  auto stub = v1::JobService::NewStub(grpc::CreateChannel(
      "127.0.0.1:" + std::to_string(small.port()), grpc::InsecureChannelCredentials()));
  v1::AddJobRequest request = MakeAddJob();
  request.mutable_job()->set_payload("\"" + std::string(8 * 1024, 'x') + "\"");
  v1::AddJobResponse response;
  Context context;
  const grpc::Status status = stub->AddJob(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
}

TEST(GrpcServerObserverTest, HearsOfEveryCallOnce) {
  std::mutex mu;
  std::vector<CallRecord> records;
  FakeGate gate;
  GrpcServerOptions options;
  options.observer = [&](const CallRecord& record) {
    std::lock_guard<std::mutex> lock(mu);
    records.push_back(record);
  };
  {
    GrpcServer server(options, gate);
    ASSERT_TRUE(server.Start().ok());
    server.LeadHere();
    auto channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(server.port()),
                                       grpc::InsecureChannelCredentials());
    auto jobs = v1::JobService::NewStub(channel);
    v1::AddJobResponse response;
    Context good, bad, stream_context;
    EXPECT_TRUE(jobs->AddJob(&good, MakeAddJob(), &response).ok());
    EXPECT_FALSE(jobs->AddJob(&bad, {}, &response).ok());
    auto executors = v1::ExecutorService::NewStub(channel);
    auto stream = executors->LeaseJobs(&stream_context);
    stream->Write(MakeOpenFrame());
    stream->WritesDone();
    v1::LeaseJobsResponse frame;
    while (stream->Read(&frame)) {
    }
    EXPECT_TRUE(stream->Finish().ok());
  }

  const auto record = [](const char* service, const char* method, bool stream, int code) {
    return AllOf(Field(&CallRecord::service, StrEq(service)),
                 Field(&CallRecord::method, StrEq(method)), Field(&CallRecord::stream, stream),
                 Field(&CallRecord::code, code), Field(&CallRecord::seconds, Gt(0)));
  };
  EXPECT_THAT(records,
              UnorderedElementsAre(
                  record("leasehold.v1.JobService", "AddJob", false, grpc::OK),
                  record("leasehold.v1.JobService", "AddJob", false, grpc::INVALID_ARGUMENT),
                  record("leasehold.v1.ExecutorService", "LeaseJobs", true, grpc::OK)));
}

// Takes every file descriptor that the process may have, then gives them back.
TEST_F(GrpcServerTest, GoesOnAfterTheProcessRanOutOfFiles) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  std::vector<OwnedFd> taken;
  OwnedFd waiting(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit low = before;
  low.rlim_cur = 200;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  for (int fd = 0; fd >= 0;) {
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) taken.emplace_back(fd);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(server_->port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(waiting.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);

  taken.clear();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);

  auto stub = v1::JobService::NewStub(NewChannel());
  v1::AddJobResponse response;
  Context context;
  EXPECT_TRUE(stub->AddJob(&context, MakeAddJob(), &response).ok());
  char settings[9];
  EXPECT_EQ(recv(waiting.get(), settings, sizeof(settings), MSG_WAITALL), 9);
}

TEST(GrpcServerConnectionsTest, ClosesConnectionsAboveItsLimit) {
  FakeGate gate;
  GrpcServerOptions options;
  options.max_connections = 20;
  GrpcServer server(options, gate);
  ASSERT_TRUE(server.Start().ok());
  server.LeadHere();
  std::vector<OwnedFd> connections;
  bool closed = false;
  for (int i = 0; i < 400 && !closed; ++i) {
    connections.push_back(Connect(server.port()));
    char settings[9];
    closed = recv(connections.back().get(), settings, sizeof(settings), MSG_WAITALL) <= 0;
  }
  EXPECT_TRUE(closed);

  connections.clear();
  auto stub = v1::JobService::NewStub(grpc::CreateChannel(
      "127.0.0.1:" + std::to_string(server.port()), grpc::InsecureChannelCredentials()));
  v1::AddJobResponse response;
  Context context;
  EXPECT_TRUE(stub->AddJob(&context, MakeAddJob(), &response).ok());
}

}  // namespace
}  // namespace leasehold::rpc
