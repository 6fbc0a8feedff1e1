#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/queue/frames.h"
#include "tests/queue/support/queue_harness.h"

namespace leasehold::fake {

// How an executor introduces itself.
struct ExecutorOptions {
  std::string name = "executor";
  std::vector<std::string> tasks = {"t"};
  std::vector<std::string> forbidden_flags;
  int window = 10;
  int64_t window_bytes = 4 << 20;
  bool once = false;
};

// An executor on a stream: takes what comes, and does with it what the test says. It acknowledges
// `jobs` frames and sends heartbeats by itself unless told not to. Notes in the tables'
// `violations` what a session must never see.
class FakeExecutor : public StreamEnd {
 public:
  FakeExecutor(QueueHarness& harness, ExecutorOptions options);

  // Opens a stream to a server, resuming the session if there was one, naming all held leases or
  // those given.
  void Connect() { Connect(*harness_); }
  void Connect(QueueHarness& harness);
  // Names none of the leases it holds, as a process that was started anew would.
  void Forget() { held_.clear(); }
  void ConnectNaming(std::vector<LeaseToken> held);
  // The stream breaks; `visibly`: the server sees it.
  void Break(bool visibly);

  // ---- what it says; each settles
  void Complete(JobId job) { Say(job, Ended(job, OutcomeKind::kComplete)); }
  // Those that it holds now.
  void CompleteAll();
  void Fail(JobId job, const std::string& error = "it failed");
  void GiveUp(JobId job);  // fails permanently
  void Say(JobId job, Outcome outcome);
  // Outcomes of one frame; says its sequence.
  int64_t Send(std::vector<Outcome> outcomes);
  void Resend(int64_t sequence, std::vector<Outcome> outcomes);
  void Start(JobId job);
  void Release(std::vector<JobId> jobs);
  void SetWindow(int jobs);
  void Drain() { SendFrame(queue::DrainFrame{}); }
  void SendFrame(decltype(queue::ExecutorFrame::frame) frame);

  // An outcome of a held job; the job is no longer held.
  Outcome Ended(JobId job, OutcomeKind kind);

  // ---- what it saw
  // Ids of jobs in the order in which they came, since the last look.
  std::vector<JobId> Came();
  // Ids of the jobs it holds, in the order of ids.
  std::vector<JobId> Held() const;
  const queue::LeasedJob& Lease(JobId job) const { return held_.at(job); }
  bool connected() const { return stream_ != 0; }
  const std::string& session_id() const { return session_id_; }
  const std::optional<queue::OpenedFrame>& opened() const { return opened_; }
  const absl::Status& end() const { return end_; }
  int frames() const { return frames_; }

  // `recorded` frames, by sequence; problems by job's token.
  std::map<int64_t, std::vector<queue::OutcomeProblem>> recorded;
  std::vector<LeaseToken> recalled;
  std::vector<LeaseToken> cancelled;
  std::vector<LeaseToken> revoked;
  int idles = 0;
  int heartbeats = 0;
  int heartbeats_wanting_reply = 0;
  int handovers = 0;

  // ---- how it behaves by itself
  bool acknowledges = true;
  bool beats = true;
  absl::Duration beat_interval = absl::Seconds(5);

  void Read(const queue::ServerFrame& frame, absl::Time now) override;
  void Ended(const absl::Status& status) override;
  absl::Time NextBeat() const override;
  void Beat() override;

 private:
  void ReadJobs(const queue::JobsFrame& frame);
  void CheckWindow(const queue::JobsFrame& frame, int64_t bytes);
  void ReadOpened(const queue::OpenedFrame& frame);

  QueueHarness* harness_;
  int highest_window_ = 0;  // leases under way when it shrinks may still come
  ExecutorOptions options_;
  queue::StreamId stream_ = 0;
  std::string session_id_;
  uint64_t epoch_ = 0;
  int64_t received_ = 0;
  int64_t acknowledged_ = 0;
  int64_t unacknowledged_bytes_ = 0;
  int64_t sequence_ = 0;
  absl::Time last_sent_;
  std::optional<queue::OpenedFrame> opened_;
  absl::Status end_;
  int frames_ = 0;
  std::map<JobId, queue::LeasedJob> held_;
  std::vector<JobId> came_;
};

}  // namespace leasehold::fake
