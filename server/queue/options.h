#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace leasehold::queue {

// What the queue is told once. The times are the server's flags of the same names.
struct QueueOptions {
  absl::Duration heartbeat_interval = absl::Seconds(5);
  absl::Duration session_timeout = absl::Seconds(30);
  absl::Duration resume_timeout = absl::Seconds(10);
  absl::Duration receipt_timeout = absl::Seconds(10);
  absl::Duration sweep_interval = absl::Seconds(1);
  absl::Duration recovery_delay = absl::Seconds(5);
  int max_crashes = 3;
  // Whether ClockMoved moves the clock.
  bool clock_may_move = false;

  // Largest batches, in jobs. Beyond a few hundred a batch gains nothing but latency; but one lease
  // must take more than the adds that are answered meanwhile, or a backlog never ends.
  int add_batch = 1000;
  int lease_batch = 4000;
  int outcome_batch = 2000;
  // Transactions of a kind under way at once: the next forms while one commits.
  int adds_in_flight = 2;
  int changes_in_flight = 2;
  int outcomes_in_flight = 2;

  // A slot is free when its outcome is reported. What is not recorded yet is bounded all the same:
  // a database that falls behind must slow executors down, not fill memories here and there. Beyond
  // so many of one session, and as many as its window has jobs, it is given no more.
  int most_unrecorded = 10'000;

  // Ticks of crons that one request runs.
  int cron_batch = 500;

  // Rows that a window holds, and that one refill reads.
  int window_rows = 2000;
  // Jobs waiting to be added, above which AddJobs answers ServerFull().
  int max_waiting_adds = 100'000;
  // Ids kept in reserve.
  int job_ids_in_reserve = 10'000;
  // A `jobs` frame ends with the job that brings it above this.
  int64_t frame_bytes = 1 << 20;
  // An unstarted lease is asked back after this, or when another session could run it now.
  absl::Duration recall_after = absl::Seconds(60);
};

}  // namespace leasehold::queue
