// The stream without gRPC: its operations end on threads of the test, so that ThreadSanitizer sees
// every one of them.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "leasehold/v1/executor_service.pb.h"
#include "server/base/errors.h"
#include "server/rpc/courier.h"
#include "server/rpc/edge.h"
#include "server/rpc/lease_stream.h"
#include "tests/rpc/fake_gate.h"

namespace leasehold::rpc {
namespace {

// A call whose reads and writes end on other threads, after a number of them with failure.
class Call final : public StreamTransport {
 public:
  Call(Edge& edge, Courier& threads, int reads, int writes)
      : threads_(threads),
        reads_left_(reads),
        writes_left_(writes),
        stream_(std::make_shared<LeaseStream>(edge, *this)) {}

  void StartRead() override {
    EXPECT_FALSE(finished_);
    EXPECT_FALSE(reading_.exchange(true));
    threads_.Run([this, stream = stream_] {
      reading_ = false;
      const int left = reads_left_--;
      if (left <= 0) return stream->OnReadsOver();
      v1::LeaseJobsRequest frame;
      if (!opened_.exchange(true)) {
        frame.mutable_open()->set_executor_name("executor");
        frame.mutable_open()->add_tasks("mail");
      }
      stream->OnRead(left % 7 == 1 ? nullptr : &frame);
    });
  }

  void StartWrite(grpc::ByteBuffer) override {
    EXPECT_FALSE(finished_);
    EXPECT_FALSE(writing_.exchange(true));
    threads_.Run([this, stream = stream_] {
      writing_ = false;
      stream->OnWritten(writes_left_-- > 0);
    });
  }

  void WakeAfter(absl::Duration) override { EXPECT_FALSE(finished_); }
  void Abort(const absl::Status&) override { EXPECT_FALSE(finished_); }
  void Finish(const absl::Status&) override { EXPECT_FALSE(finished_.exchange(true)); }

  LeaseStream& stream() { return *stream_; }
  bool finished() const { return finished_; }

 private:
  Courier& threads_;
  std::atomic<int> reads_left_;
  std::atomic<int> writes_left_;
  std::atomic<bool> opened_ = false;
  std::atomic<bool> reading_ = false;
  std::atomic<bool> writing_ = false;
  std::atomic<bool> finished_ = false;
  const std::shared_ptr<LeaseStream> stream_;
};

TEST(LeaseStreamRaceTest, FinishesEachCallOnceWhateverComesTogether) {
  FakeGate gate;
  std::vector<std::unique_ptr<Call>> calls;
  {
    Edge edge({}, gate);
    Courier threads(3);
    std::mt19937 random(5);
    for (int i = 0; i < 300; ++i) {
      calls.push_back(std::make_unique<Call>(edge, threads, random() % 30, random() % 30));
      calls.back()->stream().Begin(absl::OkStatus());
      const auto id = static_cast<loop::StreamId>(random() % 300 + 1);
      if (gate.sessions().count(id) != 0) {
        for (int n = 0; n < 5; ++n) gate.Send(id, {});
        if (random() % 3 == 0) gate.End(id, Draining());
      }
      if (random() % 3 == 0) calls[random() % calls.size()]->stream().OnCancelled();
      if (random() % 9 == 0) calls[random() % calls.size()]->stream().EndByServer(Draining());
      if (random() % 9 == 0) calls[random() % calls.size()]->stream().OnLate();
    }
    for (const auto& call : calls) {
      while (!call->finished()) std::this_thread::yield();
    }
  }

  for (const auto& [id, session] : gate.sessions()) {
    EXPECT_LE(session.times_ended, 1);
    EXPECT_EQ(session.stream, nullptr);
  }
}

}  // namespace
}  // namespace leasehold::rpc
