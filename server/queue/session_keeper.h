#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "server/queue/core.h"
#include "server/queue/delivery.h"
#include "server/queue/executor_info.h"
#include "server/queue/leaser.h"
#include "server/queue/recorder.h"

namespace leasehold::queue {

// The life of sessions: opened, heard of, resumed, lost. Only frames from the executor prove that
// it lives.
class SessionKeeper {
 public:
  SessionKeeper(Core& core, Recorder& recorder, Leaser& leaser, Delivery& delivery)
      : core_(core), recorder_(recorder), leaser_(leaser), delivery_(delivery) {}

  void Open(StreamId stream, OpenFrame open);
  void Receive(StreamId stream, ExecutorFrame frame);
  void StreamEnded(StreamId stream, bool visibly);

  // Sessions of the leader before: each has the session timeout to resume.
  void Load(std::vector<SessionRow> rows, SessionNumber next_number);

  // The server or its database was away: executors could not be heard, so none is lost for it.
  void ForgiveSilence();

  // Heartbeats, receipts and timeouts.
  void Tick();
  absl::Time next_wake() const { return next_heartbeat_; }

  // Ends the sessions that are lost, at a sweep tick, and deletes the rows of ended ones.
  void SweepLost();

  // Answered by AnswerExecutors.
  void List(CallId call);
  // Ends the sessions of executors silent for long, now; answered when that is on disk.
  void Sweep(CallId call, const SweepOrder& order);
  // Answers those sweeps that are on disk by now.
  void AnswerSweeps();
  // The leadership is over: those who wait are told so.
  void RefuseWaiting(const absl::Status& status);

  // Every executor is asked to reconnect.
  void HandOver();
  void EndStreams(const absl::Status& status);

 private:
  // A sweep that an operator has ordered, on its way to disk.
  struct OrderedSweep {
    CallId call = 0;
    std::vector<ExecutorInfo> executors;
    std::vector<uint64_t> leases;  // fencing numbers of those that may not be on disk yet
    std::vector<SessionNumber> sessions;
  };

  void OpenNew(StreamId stream, OpenFrame open);
  void Resume(Session& session, StreamId stream, OpenFrame open);
  void AdoptLostLeases(SessionNumber number, StreamId stream, OpenFrame open);
  void Adopt(Session& session, const OpenFrame& open, const ReadJobsAnswer& standing);
  void FinishResume(Session& session, const OpenFrame& open);
  void Configure(Session& session, const OpenFrame& open);
  void ApplyWindow(Session& session, const WindowFrame& window);
  void MarkStarted(const std::vector<LeaseToken>& tokens);
  void AskForReceipts(Session& session);
  void RevokeUnreceived(Session& session);
  bool SaidGoodbye(const Session& session) const;
  bool Lost(const Session& session) const;
  void Cut(Session& session, const absl::Status& status);
  void EndLost(Session& session, std::optional<absl::Duration> recovery_delay = std::nullopt);
  void End(Session& session, std::optional<absl::Duration> recovery_delay = std::nullopt);
  void DeleteEnded();
  bool OnDisk(OrderedSweep& sweep);
  void AnswerExecutorsOf(CallId call, std::vector<ExecutorInfo> executors);
  ExecutorInfo InfoOf(const Session& session);
  std::string RandomText();

  Core& core_;
  Recorder& recorder_;
  Leaser& leaser_;
  Delivery& delivery_;
  SessionNumber next_number_ = 1;
  std::vector<SessionNumber> ended_;              // whose rows are still to be deleted
  absl::flat_hash_set<SessionNumber> undeleted_;  // they, and those whose rows are being deleted
  std::vector<OrderedSweep> sweeps_;
  absl::Time next_heartbeat_ = absl::InfinitePast();
};

}  // namespace leasehold::queue
