// Broken HTTP/2, spoken by hand. Whatever is sent ends in a status, a reset or a closed connection,
// and callers on other connections notice nothing.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/abuse/raw_http2.h"
#include "tests/rpc/rpc_test.h"

namespace leasehold::rpc {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kAddJob[] = "/leasehold.v1.JobService/AddJob";
constexpr char kLeaseJobs[] = "/leasehold.v1.ExecutorService/LeaseJobs";

class Http2AbuseTest : public RpcTest {
 protected:
  ~Http2AbuseTest() override { ExpectUnharmed(); }

  void ExpectUnharmed() {
    v1::AddJobResponse response;
    Context context;
    EXPECT_TRUE(jobs_->AddJob(&context, MakeAddJob(), &response).ok()) << "others are harmed";
  }

  int port() const { return server_->port(); }
};

std::string Message() { return MakeAddJob().SerializeAsString(); }

TEST_F(Http2AbuseTest, ServesAPlainCall) {
  RawHttp2 http(port());
  http.SendPreface();
  http.SendCall(1, kAddJob);
  http.SendMessage(1, Message());
  EXPECT_EQ(http.ReadEnd(1), grpc::OK);
}

TEST_F(Http2AbuseTest, ClosesConnectionsOfOtherProtocols) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string("\x16\x03\x01\x02\x00", 5),
        std::string(100, '\0'), std::string("SSH-2.0-x\r\n")}) {
    RawHttp2 http(port());
    http.Send(bytes + std::string(64, ' '));
    http.ReadAll();  // returns: it was closed
  }
}

TEST_F(Http2AbuseTest, ServesOthersBesideSilentConnections) {
  std::vector<std::unique_ptr<RawHttp2>> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(std::make_unique<RawHttp2>(port()));
  ExpectUnharmed();
}

TEST_F(Http2AbuseTest, AnswersCallsOfAClientThatNeverTakesSettings) {
  RawHttp2 http(port());
  http.SendPreface();
  for (uint32_t stream = 1; stream < 1000; stream += 2) {
    http.SendCall(stream, kLeaseJobs);
    http.SendMessage(stream, MakeOpenFrame().SerializeAsString(), /*end=*/false);
  }
  ASSERT_TRUE(gate_.WaitUntil([](const auto& sessions) { return sessions.size() == 500; }));
  ExpectUnharmed();
}

TEST_F(Http2AbuseTest, SurvivesRapidResets) {
  RawHttp2 http(port());
  http.SendPreface();
  for (uint32_t stream = 1; stream < 4000; stream += 2) {
    if (!http.SendCall(stream, kAddJob)) break;
    http.SendMessage(stream, Message());
    http.SendFrame(RawHttp2::kRstStream, 0, stream, BigEndian(8));
  }
  http.Settle();
  ExpectUnharmed();
}

TEST_F(Http2AbuseTest, ForgetsStreamsThatAreResetAtOnce) {
  RawHttp2 http(port());
  http.SendPreface();
  for (uint32_t stream = 1; stream < 2000; stream += 2) {
    if (!http.SendCall(stream, kLeaseJobs)) break;
    http.SendMessage(stream, MakeOpenFrame().SerializeAsString(), /*end=*/false);
    http.SendFrame(RawHttp2::kRstStream, 0, stream, BigEndian(8));
  }
  http.Settle();
  while (server_->streams() > 0) std::this_thread::yield();
  for (const auto& [id, session] : gate_.sessions()) EXPECT_EQ(session.times_ended, 1);
}

TEST_F(Http2AbuseTest, EndsHeadersThatGoOnForEver) {
  RawHttp2 http(port());
  http.SendPreface();
  http.SendFrame(RawHttp2::kHeaders, 0, 1, EncodeHeaders({{":method", "POST"}}));
  bool open = true;
  for (int i = 0; i < 2000 && open; ++i) {
    open = http.SendFrame(RawHttp2::kContinuation, 0, 1,
                          EncodeHeaders({{"x-" + std::to_string(i), std::string(1000, 'x')}}));
  }
  http.SendFrame(RawHttp2::kContinuation, RawHttp2::kEndHeaders, 1);
  EXPECT_THAT(http.ReadEnd(1), Not(grpc::OK));
}

TEST_F(Http2AbuseTest, CutsOffAFloodOfPings) {
  RawHttp2 http(port());
  http.SendPreface();
  for (int i = 0; i < 1000; ++i) {
    if (!http.SendFrame(RawHttp2::kPing, 0, 0, "pingping")) break;
  }
  EXPECT_THAT(http.ReadAll(), HasSubstr("too_many_pings"));
}

TEST_F(Http2AbuseTest, SurvivesAFloodOfSettings) {
  RawHttp2 http(port());
  http.SendPreface();
  for (int i = 0; i < 2000; ++i) {
    if (!http.SendFrame(RawHttp2::kSettings, 0, 0, std::string("\x00\x01", 2) + BigEndian(i % 2))) {
      break;
    }
  }
  http.Settle();
  ExpectUnharmed();
}

TEST_F(Http2AbuseTest, RefusesWindowsThatMakeNoSense) {
  for (const uint32_t increment : {0u, 0x7fffffffu}) {
    for (const uint32_t stream : {0u, 1u}) {
      RawHttp2 http(port());
      http.SendPreface();
      http.SendCall(1, kAddJob);
      http.SendFrame(RawHttp2::kWindowUpdate, 0, stream, BigEndian(increment));
      http.SendFrame(RawHttp2::kWindowUpdate, 0, stream, BigEndian(increment));
      http.SendMessage(1, Message());
      http.ReadEnd(1);  // any end
    }
  }
}

TEST_F(Http2AbuseTest, EndsASessionThatGivesNoWindow) {
  RawHttp2 http(port());
  http.SendPreface({{4, 0}});  // SETTINGS_INITIAL_WINDOW_SIZE
  http.SendCall(1, kLeaseJobs);
  http.SendMessage(1, MakeOpenFrame().SerializeAsString(), /*end=*/false);
  ASSERT_TRUE(gate_.WaitUntil([](const auto& sessions) { return sessions.size() == 1; }));
  for (int i = 0; i < 10'100; ++i) gate_.Send(1, {});
  EXPECT_TRUE(gate_.WaitUntil([](const auto& sessions) { return !sessions.at(1).stream; }));
  EXPECT_THAT(http.ReadEnd(1), AnyOf(grpc::RESOURCE_EXHAUSTED, RawHttp2::kReset));
}

TEST_F(Http2AbuseTest, ClosesConnectionsWithMisplacedFrames) {
  for (const uint32_t stream : {0u, 2u, 7u}) {
    RawHttp2 http(port());
    http.SendPreface();
    http.SendMessage(stream, Message());
    http.SendCall(stream, kAddJob);
    http.SendMessage(stream, Message());
    http.SendCall(5, kAddJob);
    http.SendMessage(5, Message());
    http.SendFrame(RawHttp2::kData, 0, 5, "after the end");
    http.SendFrame(RawHttp2::kGoAway, 0, 0, BigEndian(0) + BigEndian(0));
    http.Settle();
  }
}

TEST_F(Http2AbuseTest, RefusesCallsWithoutTheHeadersOfOne) {
  const std::vector<Headers> changes = {
      {{":path", ""}},
      {{"te", "x"}},
      {{":scheme", "ftp"}},
      {{":method", "GET"}},
      {{"content-type", ""}},
      {{"content-type", "text/html"}},
      {{":authority", ""}},
      {{"grpclb_client_stats", std::string(9000, 'x')}},
      {{"x-bad-bin", "****"}},
      {{"grpc-timeout", "-1S"}},
      {{"grpc-timeout", "abc"}},
      {{"grpc-timeout", "0n"}},
      {{"grpc-timeout", "99999999999H"}},
      {{"connection", "close"}},
  };
  for (const Headers& change : changes) {
    RawHttp2 http(port());
    http.SendPreface();
    http.SendCall(1, kAddJob, change);
    http.SendMessage(1, Message());
    const int end = http.ReadEnd(1);
    SCOPED_TRACE(change[0].first + ": " + change[0].second.substr(0, 20));
    EXPECT_GE(end, RawHttp2::kClosed);
  }
}

TEST_F(Http2AbuseTest, KnowsItsMethodsOnly) {
  for (const std::string& path :
       {std::string("/"), std::string("//"), std::string("/leasehold.v1.JobService/Nothing"),
        std::string("/leasehold.v1.JobService//AddJob"), std::string("leasehold"),
        "/" + std::string(10'000, 'x'), std::string("/../../etc/passwd")}) {
    RawHttp2 http(port());
    http.SendPreface();
    http.SendCall(1, path);
    http.SendMessage(1, Message());
    EXPECT_EQ(http.ReadEnd(1), grpc::UNIMPLEMENTED) << path.substr(0, 40);
  }
}

TEST_F(Http2AbuseTest, WantsExactlyOneMessageOfAUnaryCall) {
  {
    RawHttp2 http(port());
    http.SendPreface();
    http.SendCall(1, kAddJob);
    http.SendFrame(RawHttp2::kData, RawHttp2::kEndStream, 1);
    EXPECT_THAT(http.ReadEnd(1), Not(grpc::OK));
  }
  {
    RawHttp2 http(port());
    http.SendPreface();
    http.SendCall(1, kAddJob);
    http.SendMessage(1, Message(), /*end=*/false);
    http.SendMessage(1, Message());
    http.ReadEnd(1);
    EXPECT_LE(gate_.added().size(), 1);
  }
}

// What has not come cannot be sent on.
TEST_F(Http2AbuseTest, SurvivesCallersThatGoBeforeTheirMessageWhereItForwardsCalls) {
  FakeGate gate;
  GrpcServer follower(DefaultOptions(), gate);
  ASSERT_TRUE(follower.Start().ok());
  follower.FollowLeader(1, address());
  RawHttp2 http(follower.port());
  http.SendPreface();
  for (uint32_t stream = 1; stream < 4000; stream += 2) {
    if (!http.SendCall(stream, kAddJob)) break;
    if (stream % 4 == 1) {
      http.SendFrame(RawHttp2::kData, RawHttp2::kEndStream, stream);
    } else {
      http.SendFrame(RawHttp2::kRstStream, 0, stream, BigEndian(8));
    }
  }
  http.ReadEnd(1);
  v1::AddJobResponse response;
  Context context;
  const auto stub = v1::JobService::NewStub(grpc::CreateChannel(
      "127.0.0.1:" + std::to_string(follower.port()), grpc::InsecureChannelCredentials()));
  EXPECT_TRUE(stub->AddJob(&context, MakeAddJob(), &response).ok());
  EXPECT_EQ(gate_.added().size(), 1u);
}

TEST_F(Http2AbuseTest, SurvivesEncodingsThatLie) {
  for (const char* encoding : {"", "identity", "lies", "gzip", "deflate"}) {
    RawHttp2 http(port());
    http.SendPreface();
    http.SendCall(1, kAddJob, {{"grpc-encoding", encoding}});
    http.SendMessage(1, Message(), /*end=*/true, /*compressed=*/1);
    http.ReadEnd(1);  // any end
  }
}

TEST_F(Http2AbuseTest, WaitsForASlowMessageWithoutHoldingUpOthers) {
  std::vector<std::unique_ptr<RawHttp2>> slow;
  for (int i = 0; i < 50; ++i) {
    slow.push_back(std::make_unique<RawHttp2>(port()));
    slow.back()->SendPreface();
    slow.back()->SendCall(1, kAddJob);
    slow.back()->SendFrame(RawHttp2::kData, 0, 1, std::string("\x00\xff\xff\xff\xff", 5) + "x");
  }
  ExpectUnharmed();
}

TEST_F(Http2AbuseTest, BoundsTheTableOfHeaders) {
  RawHttp2 http(port());
  http.SendPreface();
  // The size of the table set to 2^32 - 1, then names to be remembered.
  std::string block("\x3f\xe0\xff\xff\xff\x0f", 6);
  http.SendFrame(RawHttp2::kHeaders, RawHttp2::kEndHeaders, 1, block);
  http.SendCall(3, kAddJob);
  http.SendMessage(3, Message());
  EXPECT_THAT(http.ReadEnd(3), Not(grpc::OK));
}

}  // namespace
}  // namespace leasehold::rpc
