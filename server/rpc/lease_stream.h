#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/loop/queue_gate.h"
#include "server/queue/frames.h"
#include "server/rpc/edge.h"

namespace leasehold::v1 {
class LeaseJobsRequest;
}

namespace leasehold::rpc {

// What a LeaseStream does to its call. All are called one after the other, never two at once, and
// none after Finish.
class StreamTransport {
 public:
  virtual ~StreamTransport() = default;
  virtual void StartRead() = 0;
  virtual void StartWrite(grpc::ByteBuffer message) = 0;
  // Wakes the stream with OnLate(); a later call replaces an earlier one.
  virtual void WakeAfter(absl::Duration delay) = 0;
  // Breaks off a write that its reader does not let through.
  virtual void Abort(const absl::Status& status) = 0;
  virtual void Finish(const absl::Status& status) = 0;
};

// One executor's stream, between its call and the queue. Shared by both: whichever of them goes
// first, the other finds it still here.
//
// Thread-safe. Whatever happens (a read, a write, a frame of the queue, a cancellation) only
// records a fact under the lock; NextAction() alone decides what follows, and Advance() does it
// with no lock held, on one thread at a time. So at most one read and one write are in flight, the
// call is finished exactly once and last, and the queue is told of the end exactly once.
class LeaseStream final : public loop::SessionStream,
                          public EndableStream,
                          public std::enable_shared_from_this<LeaseStream> {
 public:
  // `transport` lives until it is told to Finish, and then is not used again.
  LeaseStream(Edge& edge, StreamTransport& transport) : edge_(edge), transport_(transport) {}

  // Begins to read, unless `admitted` refuses the stream.
  void Begin(const absl::Status& admitted);

  // From the queue thread. They leave the work to the courier.
  void Send(queue::ServerFrame frame) override;
  void End(absl::Status status) override;

  void EndByServer(const absl::Status& status) override;

  // What became of the call's operations. OnRead without a frame: bytes that are no
  // LeaseJobsRequest.
  void OnRead(v1::LeaseJobsRequest* frame);
  void OnReadsOver();
  void OnWritten(bool ok);
  void OnCancelled();
  void OnLate();

  // The code that the call ended with. Valid once it was finished.
  int final_code() const;

 private:
  enum class Action { kNone, kRead, kWrite, kWake, kAbort, kTellQueue, kFinish };

  // An action with all that it needs, so that it is done without the lock.
  struct Step {
    Action action = Action::kNone;
    queue::ServerFrame frame;  // kWrite
    absl::Duration delay;      // kWake
    absl::Status end;          // kAbort, kFinish
    loop::StreamId id = 0;     // kTellQueue
    bool visibly = false;      // kTellQueue
  };

  void Advance();
  Step NextStep() REQUIRES(mu_);
  Action NextAction() REQUIRES(mu_);
  Action NextEndingAction() REQUIRES(mu_);
  void Perform(Step step);
  void Write(queue::ServerFrame frame);

  // Hands a frame to the queue; the status says why the stream must end.
  absl::Status Deliver(v1::LeaseJobsRequest& frame);
  absl::Status Open(v1::LeaseJobsRequest& frame);

  // The first end counts. `flush`: what waits is still sent. `visibly`: as the queue is to be told.
  void EndLocked(absl::Status status, bool flush, bool visibly) REQUIRES(mu_);
  void ClearOutbox() REQUIRES(mu_);
  // For the queue thread: what follows is left to a thread that may take its time.
  void LeaveToCourier() REQUIRES(mu_);

  Edge& edge_;
  StreamTransport& transport_;

  mutable Mutex mu_;
  bool acting_ GUARDED_BY(mu_) = false;   // a thread is in Advance()
  bool posted_ GUARDED_BY(mu_) = false;   // the courier will call Advance()
  bool reading_ GUARDED_BY(mu_) = false;  // a read is in flight, or its frame is being delivered
  bool writing_ GUARDED_BY(mu_) = false;
  bool cancelled_ GUARDED_BY(mu_) = false;
  bool abort_wanted_ GUARDED_BY(mu_) = false;
  bool aborted_ GUARDED_BY(mu_) = false;
  bool wake_wanted_ GUARDED_BY(mu_) = false;
  bool queue_told_ GUARDED_BY(mu_) = false;
  bool visibly_ GUARDED_BY(mu_) = false;
  bool finished_ GUARDED_BY(mu_) = false;
  std::optional<loop::StreamId> id_ GUARDED_BY(mu_);  // set once the queue has accepted `open`
  std::optional<absl::Status> end_ GUARDED_BY(mu_);

  std::deque<queue::ServerFrame> outbox_ GUARDED_BY(mu_);
  // Of the outbox without its jobs, which the session's window bounds.
  int64_t waiting_frames_ GUARDED_BY(mu_) = 0;
  int64_t waiting_bytes_ GUARDED_BY(mu_) = 0;
};

}  // namespace leasehold::rpc
