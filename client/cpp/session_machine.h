#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/time/time.h"
#include "client/cpp/lease_book.h"
#include "client/cpp/outcome_outbox.h"
#include "client/cpp/prefetch.h"
#include "client/cpp/reconnect.h"
#include "client/cpp/session_types.h"

namespace leasehold::client {

// SessionMachine decides everything in an executor's session: when to connect and where, what to
// write, which jobs may start, what becomes of their outcomes, when all is over.
//
// It has no I/O, clock or thread: it is told what happened and at what time (of any clock that does
// not go back), and asks for actions, to be taken and carried out in order after each event. The
// same events, times and random numbers always ask for the same actions.
//
// Its promises: a handler starts only on an open stream, after the receipt of its job was sent; and
// every outcome is either recorded by the server or logged as lost.
class SessionMachine {
 public:
  // `options.addresses` and `options.tasks` are not empty; a server takes no session without a
  // task.
  SessionMachine(SessionOptions options, Random random);

  // --- Events ---

  void Start(absl::Time now);
  void OnFrame(StreamId stream, const FrameFromServer& frame, absl::Time now);
  // The write asked for last is done: the next one may follow.
  void OnWritten(StreamId stream, absl::Time now);
  void OnStreamEnded(StreamId stream, const StreamEnd& end, absl::Time now);
  // What handler threads have begun and ended since the last call. A job that did both need not be
  // in `started`.
  void OnHandlers(const std::vector<JobHandle>& started, std::vector<FinishedJob> finished,
                  absl::Time now);
  // The answer to WithdrawJobs: the jobs that no handler will run, in their order.
  void OnWithdrawn(std::vector<HeldJob> jobs, absl::Time now);
  // Resumes the session under the new list; without any task it pauses.
  void SetTasks(std::vector<std::string> tasks, absl::Time now);
  void Stop(absl::Time now);
  // The time that NextTick named has come, or any other.
  void OnTick(absl::Time now);

  // --- What follows ---

  std::vector<SessionAction> TakeActions();
  absl::Time NextTick() const;
  // While true, nothing that handlers report can be sent: it may be collected until OnWritten.
  bool writing() const { return stream_.open && stream_.writing; }

 private:
  enum class Phase { kRunning, kStopping, kClosing, kEnded };

  struct Stream {
    // 0: none.
    StreamId id = 0;
    // The server has answered `opened`.
    bool open = false;
    bool writing = false;
    // To be open by then.
    absl::Time open_deadline = absl::InfiniteFuture();
    absl::Time opened_at = {};
    absl::Time last_heard = {};
    absl::Time last_written = {};
    // Of `jobs` frames.
    int64_t received_sequence = 0;
    int64_t acknowledged_sequence = 0;
    // Tokens held before it that go on: a `jobs` frame may bring them once more.
    std::unordered_set<std::string> resumed = {};
    absl::Time receipt_due = absl::InfiniteFuture();
    bool reply_wanted = false;
    bool window_changed = false;
    bool drain_wanted = false;
    // Tokens to give back.
    std::vector<std::string> released = {};
    // Begun and not reported yet on this stream.
    std::vector<JobHandle> started = {};
    // They have let a frame of outcomes pass already.
    bool started_first = false;
  };

  // session_streams.cc: connecting, resuming, losing touch.
  void Connect(absl::Time now);
  FrameToServer OpenFrame();
  void ForgetStream();
  void CancelStreamNow();
  // The stream is gone, well after it was opened or soon: the next one follows at once or later.
  void ConnectAgain(absl::Time now);
  void ConnectLater(const StreamEnd& end, absl::Time now);
  void OnOpened(const v1::LeaseJobsResponse::Opened& opened, absl::Time now);
  void AdoptResumed(const v1::LeaseJobsResponse::Opened& opened);
  void OnOldEpoch(const v1::LeaseJobsResponse& frame, absl::Time now);
  void CheckContact(absl::Time now);
  bool IsFatal(const absl::Status& status) const;

  // session_leases.cc: jobs, and what becomes of them.
  void OnJobs(const FrameFromServer& frame, absl::Time now);
  void OnRecorded(const v1::LeaseJobsResponse::Recorded& recorded);
  void OnRefused(JobHandle handle, const v1::Outcome& outcome, const v1::OutcomeResult& result);
  void OnRecall(const v1::LeaseJobsResponse::Recall& recall);
  void OnCancel(const v1::LeaseJobsResponse::Cancel& cancel);
  void OnRevoke(const v1::LeaseJobsResponse::Revoke& revoke);
  void Finish(FinishedJob finished);
  void Lose(const std::vector<JobHandle>& handles, const std::string& reason);
  void WithdrawOrCancel(std::vector<JobHandle> handles, const std::string& reason);
  void GiveBack(JobHandle handle);
  void Withdraw(std::vector<JobHandle> handles);
  void OfferMore();

  // session_writes.cc: which frame goes next.
  void Flush(absl::Time now);
  bool WriteNext(absl::Time now);
  bool WriteWindowOrDrain(absl::Time now);
  bool WriteReleased(absl::Time now);
  bool WriteStarted(absl::Time now);
  bool WriteOutcomes(absl::Time now);
  bool WriteHeartbeat(absl::Time now);
  void Write(FrameToServer frame, absl::Time now);
  absl::Time NextHeartbeat() const;

  // session_leaving.cc: stopping and the end.
  void BeginStop(absl::Status result, absl::Time now);
  // The server takes nothing more: what is not recorded is lost.
  void BeginStopWithoutServer(absl::Status result, absl::Time now);
  void CheckDeadlines(absl::Time now);
  void AbandonHandlers();
  void CheckLeft(absl::Time now);
  void LoseOutcomes(const std::string& reason);
  void End(absl::Status result);
  int Window() const;
  bool leaving() const { return phase_ != Phase::kRunning; }

  void Log(LogLevel level, std::string message);
  void LogJob(LogLevel level, const Lease& lease, std::string message);

  SessionOptions options_;
  Reconnect reconnect_;
  LeaseBook leases_;
  OutcomeOutbox outbox_;
  Prefetch prefetch_;
  std::vector<SessionAction> actions_;

  // --- The session ---
  std::string session_id_;
  // The highest seen from any replica.
  uint64_t epoch_ = 0;
  absl::Duration heartbeat_interval_ = absl::Seconds(5);
  int64_t payload_limit_ = 0;
  int64_t frame_limit_ = 0;
  // There is no task to lease jobs of.
  bool paused_ = false;
  // Once-mode: the server has nothing left.
  bool idle_ = false;

  // --- The stream ---
  Stream stream_;
  StreamId last_stream_ = 0;
  absl::Time reconnect_at_ = absl::InfiniteFuture();
  // When a server was heard last.
  absl::Time last_contact_;
  absl::Time next_warning_ = absl::InfinitePast();

  // --- Handlers ---
  // Jobs that handler threads have, begun or not.
  int offered_ = 0;
  // How many they may have beyond the announced ones: see OfferMore.
  int ahead_ = 0;

  // --- Leaving ---
  Phase phase_ = Phase::kRunning;
  bool without_server_ = false;
  absl::Status result_;
  absl::Time grace_deadline_ = absl::InfiniteFuture();
  absl::Time record_deadline_ = absl::InfiniteFuture();
  absl::Time close_deadline_ = absl::InfiniteFuture();
};

}  // namespace leasehold::client
