#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "leasehold/v1/executor_service.grpc.pb.h"
#include "server/base/mutex.h"
#include "tests/conformance/conduct.h"
#include "tests/conformance/rule.h"

namespace leasehold::conformance {

using Tokens = std::vector<std::string>;

// A job that is leased under the token "t" + id.
struct Job {
  std::string id;
  std::string task = "complete";
  std::string payload = "{}";
};

// How a server answers `open`.
struct Opened {
  std::string session = "session-1";
  bool resumed = false;
  Tokens resumed_tokens = {};
  Tokens lost_tokens = {};
  // Long, so that neither side's silence matters unless a case is about it.
  absl::Duration heartbeat_interval = absl::Seconds(30);
  absl::Duration session_timeout = absl::Seconds(90);
  uint64_t epoch = 1;
  std::vector<std::string> addresses = {};
  // Each frame of outcomes is recorded at once, and heartbeats are sent.
  bool records = true;
  bool beats = true;
};

struct ReceivedFrame {
  v1::LeaseJobsRequest frame;
  absl::Time at;
};

// The server's side of one LeaseJobs stream, played by the case's thread. What the executor sends
// is kept: a case asks for it in any order, and each Await... breaks the rule if it does not come
// in time or the executor ends the stream.
class Stream : public grpc::ServerBidiReactor<v1::LeaseJobsRequest, v1::LeaseJobsResponse>,
               public std::enable_shared_from_this<Stream> {
 public:
  Stream(int number, Conduct& conduct, std::function<void()> on_open);
  // Keeps itself until gRPC is done with it.
  void Begin();

  int number() const { return number_; }
  // Whether the first frame is there.
  bool opened() const;
  v1::LeaseJobsRequest::Open open() const;

  void Answer(const Opened& opened = {});
  // One `jobs` frame; its sequence.
  int64_t SendJobs(const std::vector<Job>& jobs);
  int64_t SendJob(const Job& job) { return SendJobs({job}); }
  // Unlike SendJobs(), whatever is in it counts as never leased to the executor.
  void Send(v1::LeaseJobsResponse frame);
  void SendRecorded(int64_t sequence);
  // Of one outcome that was not plain OK.
  void SendRefused(int64_t sequence, const std::string& token, const std::string& reason);
  void SendRecall(const Tokens& tokens);
  void SendRevoke(const Tokens& tokens);
  void SendCancel(const Tokens& tokens);
  void SendHandover(const std::vector<std::string>& addresses);
  void SendIdle();
  void SendHeartbeat(bool reply);
  // Sends heartbeats as a server does: as often as its interval wants.
  void Beat(absl::Time now);
  // No frames follow.
  void End(grpc::StatusCode code, const std::string& message = "the script says so");
  void End(const grpc::Status& status);

  // --- What the executor has sent ---

  std::vector<ReceivedFrame> Frames() const;
  std::optional<v1::Outcome> Outcome(const std::string& token) const;
  // Of the first frame of outcomes that names it; 0: none does.
  int64_t SequenceOf(const std::string& token) const;
  bool Started(const std::string& token) const;
  bool Released(const std::string& token) const;
  bool closed() const;

  using Condition = std::function<bool(const std::vector<ReceivedFrame>&)>;
  void Await(const std::string& expected, const Condition& condition,
             absl::Duration patience = kPatience);
  v1::Outcome AwaitOutcome(const std::string& token);
  void AwaitStarted(const std::string& token);
  // When the frame came that first acknowledged the `jobs` frame.
  absl::Time AwaitReceipt(int64_t sequence);
  // Given back before it has started.
  void AwaitRelease(const std::string& token);
  void AwaitWindow(int jobs);
  void AwaitDrain();
  // Asks for a frame and awaits one: then it has read all that was sent before, if it had nothing
  // else to send.
  void AwaitReply();
  // The first frame after `count` of them; when it came.
  absl::Time AwaitFrameAfter(size_t count, absl::Duration patience = kPatience);
  // The executor has closed its side or cancelled the stream.
  void AwaitClosed();

 private:
  enum class Way { kHalfClosed, kCancelled };

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  bool RecordsItself() const;
  void OnEnded(Way way);
  // Writes or finishes, if it is time.
  void Advance();
  void Push(v1::LeaseJobsResponse frame);

  const int number_;
  Conduct& conduct_;
  const std::function<void()> on_open_;
  std::shared_ptr<Stream> self_;
  v1::LeaseJobsRequest incoming_;   // of the read in flight
  v1::LeaseJobsResponse outgoing_;  // of the write in flight

  mutable Mutex mutex_;
  mutable CondVar changed_;
  std::vector<ReceivedFrame> frames_ GUARDED_BY(mutex_);
  std::deque<v1::LeaseJobsResponse> outbox_ GUARDED_BY(mutex_);
  Opened terms_ GUARDED_BY(mutex_);
  bool answered_ GUARDED_BY(mutex_) = false;
  bool writing_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;
  bool finished_ GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ GUARDED_BY(mutex_);
  int64_t jobs_sequence_ GUARDED_BY(mutex_) = 0;
  absl::Time next_beat_ GUARDED_BY(mutex_) = absl::InfiniteFuture();
};

}  // namespace leasehold::conformance
