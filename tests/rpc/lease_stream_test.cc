#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/base/errors.h"
#include "tests/rpc/rpc_test.h"
#include "tests/rpc/stream_client.h"

namespace leasehold::rpc {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

using Sessions = std::map<loop::StreamId, FakeGate::Session>;

queue::ServerFrame MakeJobs(int64_t sequence, int count, const std::string& payload = "{}") {
  queue::JobsFrame jobs{.sequence = sequence, .jobs = {}};
  for (int i = 0; i < count; ++i) {
    queue::LeasedJob leased;
    leased.token = MakeToken(i + 1);
    leased.job.id = i + 1;
    leased.job.task = "mail";
    leased.job.payload = payload;
    jobs.jobs.push_back(std::move(leased));
  }
  queue::ServerFrame frame;
  frame.epoch = 1;
  frame.frame = std::move(jobs);
  return frame;
}

v1::LeaseJobsRequest Heartbeat() {
  v1::LeaseJobsRequest frame;
  frame.mutable_heartbeat();
  return frame;
}

bool AllEnded(const Sessions& sessions) {
  return std::all_of(sessions.begin(), sessions.end(),
                     [](const auto& entry) { return entry.second.stream == nullptr; });
}

class LeaseStreamTest : public RpcTest {
 protected:
  explicit LeaseStreamTest(GrpcServerOptions options = DefaultOptions()) : RpcTest(options) {}

  void ExpectNoStreams() {
    // The last step of a call is gRPC's: the registry hears of it a little after the client.
    while (server_->streams() > 0) std::this_thread::yield();
  }
};

TEST_F(LeaseStreamTest, CarriesFramesBothWays) {
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  gate_.Send(1, MakeJobs(1, 3));
  v1::LeaseJobsResponse jobs;
  ASSERT_TRUE(stream.Read(jobs));
  EXPECT_THAT(jobs.jobs().jobs(), SizeIs(3));
  EXPECT_EQ(jobs.epoch(), 1);

  v1::LeaseJobsRequest outcomes;
  outcomes.set_received_sequence(1);
  outcomes.mutable_outcomes()->set_sequence(1);
  for (const v1::LeasedJob& job : jobs.jobs().jobs()) {
    v1::Outcome* outcome = outcomes.mutable_outcomes()->add_outcomes();
    outcome->set_lease_token(job.lease_token());
    outcome->mutable_complete();
  }
  ASSERT_TRUE(stream.Write(outcomes));

  ASSERT_TRUE(gate_.WaitUntil([](const Sessions& s) { return s.at(1).frames.size() == 1; }));
  const queue::ExecutorFrame frame = gate_.sessions().at(1).frames[0];
  EXPECT_EQ(frame.received_sequence, 1);
  EXPECT_THAT(std::get<queue::OutcomesFrame>(frame.frame).outcomes, SizeIs(3));
}

TEST_F(LeaseStreamTest, SaysAtOnceThatItIsConnected) {
  StreamClient stream(*executors_);
  stream.call().WaitForInitialMetadata();  // returns before any frame was sent
  EXPECT_TRUE(stream.Open());
}

TEST_F(LeaseStreamTest, KeepsTheOrderOfFrames) {
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  for (int i = 1; i <= 1000; ++i) gate_.Send(1, MakeJobs(i, 1));
  for (int i = 1; i <= 1000; ++i) {
    v1::LeaseJobsResponse frame;
    ASSERT_TRUE(stream.Read(frame));
    ASSERT_EQ(frame.jobs().sequence(), i);
  }
}

TEST_F(LeaseStreamTest, EndsCleanlyWhenTheExecutorCloses) {
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  stream.call().WritesDone();
  EXPECT_TRUE(stream.Drain().ok());
  const auto session = gate_.sessions().at(1);
  EXPECT_EQ(session.times_ended, 1);
  EXPECT_TRUE(session.visibly);
  ExpectNoStreams();
}

TEST_F(LeaseStreamTest, TellsTheQueueOfACancelledCall) {
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  stream.Cancel();
  ASSERT_TRUE(gate_.WaitUntil(AllEnded));
  EXPECT_EQ(gate_.sessions().at(1).times_ended, 1);
  EXPECT_TRUE(gate_.sessions().at(1).visibly);
  EXPECT_EQ(stream.Drain().error_code(), grpc::CANCELLED);
}

TEST_F(LeaseStreamTest, SendsWhatWaitsBeforeTheQueueEndsIt) {
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  for (int i = 1; i <= 50; ++i) gate_.Send(1, MakeJobs(i, 1));
  queue::ServerFrame handover;
  handover.frame = queue::HandoverFrame{};
  gate_.Send(1, handover);
  gate_.End(1, Draining());

  int frames = 0;
  v1::LeaseJobsResponse frame;
  while (stream.Read(frame)) ++frames;

  EXPECT_EQ(frames, 51);
  EXPECT_TRUE(frame.has_handover());
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).error.reason(), "DRAINING");
  EXPECT_EQ(gate_.sessions().at(1).times_ended, 0);  // it knows
}

TEST_F(LeaseStreamTest, EndsOnABreachOfTheProtocol) {
  std::vector<v1::LeaseJobsRequest> breaches(4);
  breaches[0] = MakeOpenFrame();
  breaches[1].mutable_window()->set_jobs(100'001);
  breaches[2].mutable_outcomes()->set_sequence(-1);
  breaches[3] = Heartbeat();
  breaches[3].set_received_sequence(-1);
  for (size_t i = 0; i < breaches.size(); ++i) {
    StreamClient stream(*executors_);
    ASSERT_TRUE(stream.Open());
    ASSERT_TRUE(stream.Write(breaches[i]));
    EXPECT_EQ(stream.Drain().error_code(), grpc::INVALID_ARGUMENT);
    EXPECT_EQ(gate_.sessions().at(i + 1).times_ended, 1);
  }
}

TEST_F(LeaseStreamTest, WantsOpenFirst) {
  StreamClient stream(*executors_);
  stream.Write(Heartbeat());
  const grpc::Status status = stream.Drain();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).error.reason(), "PROTOCOL_BREACH");
  EXPECT_TRUE(gate_.sessions().empty());
}

TEST_F(LeaseStreamTest, NamesEveryViolationOfOpen) {
  StreamClient stream(*executors_);
  v1::LeaseJobsRequest frame;
  frame.mutable_open();
  stream.Write(frame);
  const Details details = DetailsOf(stream.Drain());
  std::vector<std::string> fields;
  for (const auto& fault : details.bad_request.field_violations()) fields.push_back(fault.field());
  EXPECT_THAT(fields, ElementsAre("open.executor_name", "open.tasks"));
}

TEST_F(LeaseStreamTest, EndsAsTheQueueRefusesIt) {
  gate_.RefuseStreams(NoLeader());
  StreamClient stream(*executors_);
  stream.Write(MakeOpenFrame());
  const grpc::Status status = stream.Drain();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).error.reason(), "NO_LEADER");
  EXPECT_EQ(stream.context().GetServerTrailingMetadata().count("grpc-retry-pushback-ms"), 1);
}

TEST_F(LeaseStreamTest, EndsWhenTheQueueIsFull) {
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  gate_.RefuseFrames(true);
  stream.Write(Heartbeat());
  EXPECT_EQ(stream.Drain().error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(gate_.sessions().at(1).times_ended, 1);
  EXPECT_FALSE(gate_.sessions().at(1).visibly);
}

TEST_F(LeaseStreamTest, SendsJobsOfAnySizeToAClientThatTakesThem) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  auto stub = v1::ExecutorService::NewStub(
      grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments));
  StreamClient stream(*stub);
  ASSERT_TRUE(stream.Open());
  gate_.Send(1, MakeJobs(1, 1, std::string(5 << 20, ' ') + "1"));
  gate_.Send(1, MakeJobs(2, 2, std::string(3 << 20, ' ') + "1"));
  v1::LeaseJobsResponse one, two;
  ASSERT_TRUE(stream.Read(one));
  ASSERT_TRUE(stream.Read(two));
  EXPECT_GT(one.ByteSizeLong(), 5 << 20);
  EXPECT_THAT(two.jobs().jobs(), SizeIs(2));
}

TEST_F(LeaseStreamTest, SurvivesHundredsOfStreamsThatGoAtAnyMoment) {
  std::atomic<int> opened = 0;
  std::vector<std::thread> executors;
  for (int t = 0; t < 8; ++t) {
    executors.emplace_back([this, t, &opened] {
      std::mt19937 random(t);
      auto stub = v1::ExecutorService::NewStub(NewChannel());
      for (int i = 0; i < 60; ++i) {
        StreamClient stream(*stub);
        const unsigned fate = random() % 6;
        if (fate == 0) stream.Cancel();
        stream.Write(MakeOpenFrame());
        if (fate == 1) stream.Cancel();
        v1::LeaseJobsResponse frame;
        if (stream.Read(frame)) ++opened;
        for (unsigned n = random() % 4; n > 0; --n) stream.Write(Heartbeat());
        if (fate == 2) stream.call().WritesDone();
        if (fate == 3) stream.Write(MakeOpenFrame());
        if (fate > 3) stream.Cancel();
        stream.Drain();
      }
    });
  }
  std::atomic<bool> done = false;
  std::thread queue([this, &done] {
    std::mt19937 random(99);
    int64_t sequence = 0;
    while (!done) {
      for (const auto& [id, session] : gate_.sessions()) {
        if (session.stream == nullptr) continue;
        gate_.Send(id, MakeJobs(++sequence, 5));
        if (random() % 8 == 0) gate_.End(id, Draining());
      }
      std::this_thread::yield();
    }
  });
  for (std::thread& executor : executors) executor.join();
  done = true;
  queue.join();

  EXPECT_GT(opened, 100);
  EXPECT_TRUE(gate_.WaitUntil(AllEnded));
  for (const auto& [id, session] : gate_.sessions()) EXPECT_LE(session.times_ended, 1);
  ExpectNoStreams();
}

TEST_F(LeaseStreamTest, EndsItsStreamsWhenTheServerStops) {
  std::vector<std::unique_ptr<StreamClient>> streams;
  for (int i = 0; i < 50; ++i) {
    streams.push_back(std::make_unique<StreamClient>(*executors_));
    ASSERT_TRUE(streams.back()->Open());
  }

  std::thread stop([this] { server_->Shutdown(absl::Seconds(30)); });
  for (auto& stream : streams) EXPECT_EQ(stream->Drain().error_code(), grpc::UNAVAILABLE);
  stop.join();

  EXPECT_EQ(server_->streams(), 0);
  for (const auto& [id, session] : gate_.sessions()) {
    EXPECT_EQ(session.times_ended, 1);
    EXPECT_FALSE(session.visibly);
  }
}

class ImpatientLeaseStreamTest : public LeaseStreamTest {
 protected:
  static GrpcServerOptions Options() {
    GrpcServerOptions options = DefaultOptions();
    options.open_timeout = absl::Milliseconds(50);
    return options;
  }
  ImpatientLeaseStreamTest() : LeaseStreamTest(Options()) {}
};

TEST_F(ImpatientLeaseStreamTest, DoesNotWaitForOpenForEver) {
  StreamClient stream(*executors_);
  const grpc::Status status = stream.Drain();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "the first frame, open, did not come within 50ms");
  ExpectNoStreams();
}

TEST_F(ImpatientLeaseStreamTest, KeepsAnOpenedStream) {
  StreamClient late(*executors_);
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  EXPECT_EQ(late.Drain().error_code(), grpc::INVALID_ARGUMENT);  // the time is over
  gate_.Send(1, MakeJobs(1, 1));
  v1::LeaseJobsResponse frame;
  EXPECT_TRUE(stream.Read(frame));
}

class NarrowLeaseStreamTest : public LeaseStreamTest {
 protected:
  static GrpcServerOptions Options() {
    GrpcServerOptions options = DefaultOptions();
    options.max_waiting_frames = 20;
    options.max_streams = 2;
    return options;
  }
  NarrowLeaseStreamTest() : LeaseStreamTest(Options()) {}
};

TEST_F(NarrowLeaseStreamTest, EndsAStreamWhoseReaderDoesNotRead) {
  StreamClient stream(*executors_);
  ASSERT_TRUE(stream.Open());
  // More than the client's window takes: a write stays in flight.
  for (int i = 0; i < 6; ++i) gate_.Send(1, MakeJobs(i + 1, 1, std::string(4 << 20, ' ') + "1"));
  queue::ServerFrame heartbeat;
  for (int i = 0; i < 21; ++i) gate_.Send(1, heartbeat);

  ASSERT_TRUE(gate_.WaitUntil(AllEnded));
  EXPECT_FALSE(gate_.sessions().at(1).visibly);
  EXPECT_FALSE(stream.Drain().ok());
  ExpectNoStreams();
}

TEST_F(NarrowLeaseStreamTest, RefusesMoreStreamsThanAllowed) {
  StreamClient first(*executors_), second(*executors_);
  ASSERT_TRUE(first.Open());
  ASSERT_TRUE(second.Open());

  StreamClient third(*executors_);
  const grpc::Status status = third.Drain();

  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  const Details details = DetailsOf(status);
  EXPECT_EQ(details.error.reason(), "TOO_MANY_STREAMS");
  EXPECT_EQ(details.retry.retry_delay().seconds(), 1);
  first.Cancel();
  while (server_->streams() > 1) std::this_thread::yield();
  StreamClient fourth(*executors_);
  EXPECT_TRUE(fourth.Open());
}

}  // namespace
}  // namespace leasehold::rpc
