#include <chrono>
#include <map>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "tests/rpc/rpc_test.h"
#include "tests/rpc/stream_client.h"

namespace leasehold::rpc {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A leader, which RpcTest makes, and a follower; the stubs call the follower.
class ForwardingTest : public RpcTest {
 protected:
  ForwardingTest() : follower_(DefaultOptions(), followers_gate_) {
    EXPECT_TRUE(follower_.Start().ok());
    channel_ = To(follower_);
    jobs_ = v1::JobService::NewStub(channel_);
    executors_ = v1::ExecutorService::NewStub(channel_);
  }

  static std::shared_ptr<grpc::Channel> To(const GrpcServer& server) {
    return grpc::CreateChannel("127.0.0.1:" + std::to_string(server.port()),
                               grpc::InsecureChannelCredentials());
  }

  grpc::Status Add(const std::string& task, grpc::ClientContext& context) {
    v1::AddJobResponse response;
    return jobs_->AddJob(&context, MakeAddJob(task), &response);
  }
  grpc::Status Add(const std::string& task) {
    Context context;
    return Add(task, context);
  }

  FakeGate followers_gate_;
  GrpcServer follower_;
};

TEST_F(ForwardingTest, AsksTheLeaderForItsCrons) {
  follower_.FollowLeader(1, address());
  const auto admin = v1::AdminService::NewStub(channel_);
  v1::ListCronsResponse listed;
  Context first;
  ASSERT_TRUE(admin->ListCrons(&first, v1::ListCronsRequest(), &listed).ok());
  EXPECT_EQ(listed.crons_size(), 5);
  v1::RunCronRequest run;
  run.set_identifier("none");
  v1::RunCronResponse ran;
  Context second;
  EXPECT_EQ(DetailsOf(admin->RunCron(&second, run, &ran)).error.reason(), "CRON_NOT_FOUND");
  EXPECT_EQ(followers_gate_.calls(), 0);
}

TEST_F(ForwardingTest, AnswersAsTheLeaderDoes) {
  follower_.FollowLeader(1, address());
  EXPECT_TRUE(Add("mail").ok());
  ASSERT_EQ(gate_.added().size(), 1);
  EXPECT_EQ(gate_.added()[0].task, "mail");
  EXPECT_EQ(followers_gate_.calls(), 0);

  gate_.AnswerWith(DatabaseAway());
  Context context;
  const grpc::Status refused = Add("mail", context);
  EXPECT_EQ(refused.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(refused).error.reason(), "DATABASE_AWAY");
  EXPECT_EQ(context.GetServerTrailingMetadata().count("grpc-retry-pushback-ms"), 1);
}

TEST_F(ForwardingTest, LetsCallsWaitUntilALeaderIsKnown) {
  std::thread soon([this] {
    EXPECT_TRUE(gate_.WaitUntil([](const auto&) { return true; }));
    follower_.FollowLeader(1, address());
  });
  EXPECT_TRUE(Add("mail").ok());
  soon.join();
  EXPECT_EQ(gate_.added().size(), 1);
}

TEST_F(ForwardingTest, ServesItselfThoseThatWaitedUntilItLeads) {
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Write(MakeOpenFrame()));
  std::thread soon([this] { follower_.LeadHere(); });
  v1::LeaseJobsResponse frame;
  EXPECT_TRUE(stream.Read(frame) && frame.has_opened());
  soon.join();
  EXPECT_TRUE(Add("mail").ok());
  EXPECT_EQ(followers_gate_.sessions().size(), 1);
  EXPECT_EQ(followers_gate_.added().size(), 1);
}

TEST_F(ForwardingTest, SaysAfterTwoSecondsThatItKnowsNoLeader) {
  const auto began = std::chrono::steady_clock::now();
  const grpc::Status refused = Add("mail");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(4));
  EXPECT_EQ(DetailsOf(refused).error.reason(), "NO_LEADER");
  EXPECT_FALSE(follower_.Ready().ok());
  // Who calls now has not to wait again.
  const auto again = std::chrono::steady_clock::now();
  EXPECT_EQ(DetailsOf(Add("mail")).error.reason(), "NO_LEADER");
  EXPECT_LT(std::chrono::steady_clock::now() - again, std::chrono::seconds(1));
}

TEST_F(ForwardingTest, NeverForwardsACallTwice) {
  follower_.FollowLeader(1, address());
  server_->FollowLeader(1, "127.0.0.1:" + std::to_string(follower_.port()));
  EXPECT_EQ(DetailsOf(Add("mail")).error.reason(), "NO_LEADER");
  EXPECT_EQ(gate_.calls() + followers_gate_.calls(), 0);
}

// A leader of another make, which keeps what a call brought along.
class RecordingLeader final : public v1::JobService::Service {
 public:
  RecordingLeader() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  grpc::Status AddJob(grpc::ServerContext* context, const v1::AddJobRequest*,
                      v1::AddJobResponse* response) override {
    for (const auto& [key, value] : context->client_metadata()) {
      metadata.emplace(std::string(key.data(), key.size()),
                       std::string(value.data(), value.size()));
    }
    time_left = context->deadline() - std::chrono::system_clock::now();
    context->AddInitialMetadata("initial", "1");
    context->AddTrailingMetadata("trailing", "2");
    response->set_id("7");
    return grpc::Status::OK;
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void Stop() { server_->Shutdown(std::chrono::system_clock::now()); }

  std::multimap<std::string, std::string> metadata;
  std::chrono::system_clock::duration time_left;

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(ForwardingTest, BringsMetadataAndTheDeadlineAlong) {
  RecordingLeader leader;
  follower_.FollowLeader(1, leader.address());
  Context context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  context.AddMetadata("authorization", "Bearer x");
  context.AddMetadata("traceparent", "00-1-2-01");
  ASSERT_TRUE(Add("mail", context).ok());

  EXPECT_EQ(leader.metadata.find("authorization")->second, "Bearer x");
  EXPECT_EQ(leader.metadata.find("traceparent")->second, "00-1-2-01");
  EXPECT_EQ(leader.metadata.count("leasehold-forwarded"), 1);
  // gRPC rounds it up on its way.
  EXPECT_LE(leader.time_left, std::chrono::seconds(21));
  EXPECT_GT(leader.time_left, std::chrono::seconds(10));
  EXPECT_EQ(context.GetServerInitialMetadata().count("initial"), 1);
  EXPECT_EQ(context.GetServerTrailingMetadata().count("trailing"), 1);
}

TEST_F(ForwardingTest, NeverTellsWhereTheLeaderIs) {
  RecordingLeader leader;
  follower_.FollowLeader(1, leader.address());
  ASSERT_TRUE(Add("mail").ok());
  leader.Stop();
  // Some fail on the broken connection, others when no leader is found.
  for (int i = 0; i < 3; ++i) {
    const grpc::Status refused = Add("mail");
    EXPECT_EQ(refused.error_code(), grpc::UNAVAILABLE);
    EXPECT_THAT(refused.error_message(), Not(HasSubstr("127.0.0.1")));
    EXPECT_THAT(refused.error_message(), Not(HasSubstr("ipv4")));
    EXPECT_THAT(DetailsOf(refused).error.reason(), AnyOf("NO_LEADER", "LEADER_AWAY"));
  }
}

TEST_F(ForwardingTest, RelaysAStreamBothWays) {
  follower_.FollowLeader(1, address());
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  const auto id = gate_.sessions().begin()->first;
  gate_.Send(id, {queue::ServerHeartbeatFrame{}, 1});
  v1::LeaseJobsResponse frame;
  ASSERT_TRUE(stream.Read(frame));
  EXPECT_TRUE(frame.has_heartbeat());
  v1::LeaseJobsRequest beat;
  beat.mutable_heartbeat();
  ASSERT_TRUE(stream.Write(beat));
  EXPECT_TRUE(
      gate_.WaitUntil([id](const auto& sessions) { return sessions.at(id).frames.size() == 1; }));
  EXPECT_EQ(follower_.streams(), 1);

  gate_.End(id, Draining());
  const grpc::Status end = stream.Drain();
  EXPECT_EQ(DetailsOf(end).error.reason(), "DRAINING");
}

TEST_F(ForwardingTest, TellsTheLeaderThatAnExecutorHasGone) {
  follower_.FollowLeader(1, address());
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  stream.Cancel();
  EXPECT_FALSE(stream.Drain().ok());
  EXPECT_TRUE(gate_.WaitUntil([](const auto& sessions) {
    return sessions.begin()->second.times_ended == 1 && sessions.begin()->second.visibly;
  }));
}

TEST_F(ForwardingTest, CutsTheStreamsToALeaderOfThePast) {
  follower_.FollowLeader(1, address());
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  follower_.LeadHere();
  EXPECT_EQ(DetailsOf(stream.Drain()).error.reason(), "LEADER_CHANGED");
}

TEST_F(ForwardingTest, SendsAStreamThatIsNotOpenYetToTheNextLeader) {
  // The leader of the past has given up and lets it wait.
  server_->FollowNobody();
  follower_.FollowLeader(1, address());
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Write(MakeOpenFrame()));
  EXPECT_EQ(followers_gate_.sessions().size(), 0);
  std::thread soon([this] {
    // Once the frame is on its way.
    while (follower_.streams() == 0) std::this_thread::yield();
    follower_.LeadHere();
  });
  v1::LeaseJobsResponse frame;
  EXPECT_TRUE(stream.Read(frame) && frame.has_opened());
  soon.join();
  EXPECT_EQ(followers_gate_.sessions().size(), 1);
  EXPECT_EQ(gate_.sessions().size(), 0);
}

TEST_F(ForwardingTest, EndsRelayedStreamsWhenItStops) {
  follower_.FollowLeader(1, address());
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  std::thread stop([this] { follower_.Shutdown(absl::Seconds(10)); });
  EXPECT_EQ(DetailsOf(stream.Drain()).error.reason(), "DRAINING");
  stop.join();
}

TEST_F(ForwardingTest, CountsRelayedStreamsAmongItsOwn) {
  GrpcServerOptions options = DefaultOptions();
  options.max_streams = 1;
  GrpcServer small(options, followers_gate_);
  ASSERT_TRUE(small.Start().ok());
  small.FollowLeader(1, address());
  const auto stub = v1::ExecutorService::NewStub(To(small));
  StreamClient first(*stub);
  ASSERT_TRUE(first.Open());
  StreamClient second(*stub);
  EXPECT_EQ(DetailsOf(second.Drain()).error.reason(), "TOO_MANY_STREAMS");
  first.Cancel();
  (void)first.Drain();
}

}  // namespace
}  // namespace leasehold::rpc
