#pragma once

#include <string>
#include <vector>

#include "server/queue/core.h"
#include "server/queue/delivery.h"
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

  // Every executor is asked to reconnect.
  void HandOver();
  void EndStreams(const absl::Status& status);

 private:
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
  void End(Session& session);
  void DeleteEnded();
  std::string RandomText();

  Core& core_;
  Recorder& recorder_;
  Leaser& leaser_;
  Delivery& delivery_;
  SessionNumber next_number_ = 1;
  std::vector<SessionNumber> ended_;  // whose rows are still to be deleted
  absl::Time next_heartbeat_ = absl::InfinitePast();
};

}  // namespace leasehold::queue
