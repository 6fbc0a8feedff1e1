#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/job/lease.h"
#include "server/queue/event.h"
#include "server/queue/frames.h"

namespace leasehold::queue {

// A `jobs` frame whose receipt has not come.
struct UnreceivedFrame {
  int64_t sequence = 0;
  std::vector<uint64_t> fencing_numbers;
  int64_t bytes = 0;
  absl::Time sent_at;
  std::optional<absl::Time> asked_at;  // a heartbeat asked for its receipt
};

// One executor's session: it outlives its streams until it is silent for too long or says goodbye.
struct Session {
  SessionNumber number = 0;
  std::string session_id;
  std::string executor_id;
  std::string executor_name;
  std::vector<std::string> tasks;            // sorted, each once
  std::vector<std::string> forbidden_flags;  // sorted, each once
  // The same for all sessions that may take the same jobs: what one of them finds holds for all.
  int kind = 0;
  WindowFrame window;
  bool once = false;
  bool told_idle = false;
  // Not told so before this read of the inbox has shown it empty.
  uint64_t idle_after_read = 0;
  // No more jobs are wanted.
  bool draining = false;
  // Its row in `executors` is on disk and `opened` was sent: it may be given jobs.
  bool open = false;
  // Its tasks are served by the views.
  bool served = false;

  StreamId stream = 0;  // 0: none now
  absl::Time last_heard;
  absl::Time last_sent;
  // Without a stream: when it is lost unless resumed. Else nothing.
  std::optional<absl::Time> resume_by;
  // Loaded by a new leader and not resumed yet.
  bool awaited = false;

  int64_t last_sequence = 0;  // of `jobs` frames on this stream
  std::deque<UnreceivedFrame> unreceived;
  int64_t unreceived_bytes = 0;
  // Leased, and to be sent when receipts make room.
  std::deque<LeasedJob> unsent;
  int64_t unsent_bytes = 0;
  // Of the jobs sent so far, the later ones counting more: what the next one is expected to take.
  int64_t bytes_per_job = 512;

  // Leases, the running and the prefetched, whose outcome was not reported; and those being leased.
  int held = 0;
  int being_leased = 0;
  // A job with a crash behind it that waits until the session is empty, and whether one runs.
  std::optional<RankedJob> waiting_alone;
  bool running_alone = false;

  // Outcomes that it reported and that are not on disk yet, and how many there may be beside its
  // window before it gets no more jobs.
  int unrecorded = 0;
  int most_unrecorded = 0;

  int used() const { return held + being_leased; }
  bool may_lease() const {
    return served && stream != 0 && !draining && !running_alone && used() < window.jobs &&
           unrecorded < most_unrecorded + window.jobs && !bytes_used_up();
  }
  // One job is always let through.
  bool bytes_used_up() const {
    const int64_t known = unreceived_bytes + unsent_bytes;
    const int64_t expected = known + (being_leased + 1) * bytes_per_job;
    return expected > window.bytes && (known > 0 || being_leased > 0);
  }
};

}  // namespace leasehold::queue
