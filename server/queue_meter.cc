#include "server/queue_meter.h"

#include <algorithm>

#include "server/logging/log.h"

namespace leasehold {
namespace {

// Totals begin anew with each leadership.
int64_t Since(int64_t now, int64_t last) { return now >= last ? now - last : now; }

}  // namespace

void QueueMeter::Observe(const queue::Tallies& tallies, const loop::QueueStats& stats,
                         const loop::LoopTimes& times) {
  for (const auto& [task, tally] : tallies) {
    metrics_.JobsAdded(task, tally.added);
    metrics_.JobsLeased(task, tally.leased);
    metrics_.JobsCompleted(task, tally.completed);
    metrics_.JobsFailed(task, tally.failed);
    metrics_.JobsPermanentlyFailed(task, tally.permanently_failed);
    metrics_.JobsReleased(task, tally.released);
    metrics_.JobsSwept(task, tally.swept);
    metrics_.WaitSeconds(task, tally.wait_seconds);
    metrics_.AddToDispatchSeconds(tally.dispatch_seconds);
    metrics_.RunSeconds(task, tally.run_seconds);
    metrics_.CronLateSeconds(tally.cron_late_seconds);
  }
  metrics_.EventWaitSeconds(times.event_wait_seconds);
  metrics_.QueueBusySeconds(times.busy_seconds);
  metrics_.LeasesLost(Since(stats.lease_lost, last_.lease_lost));
  metrics_.IdempotentReplays(Since(stats.repeated_requests, last_.repeated_requests));
  metrics_.WindowProofCorrections(Since(stats.window_corrections, last_.window_corrections));
  metrics_.SweepsDone(Since(stats.sweeps, last_.sweeps));
  metrics_.CronTicks("added", Since(stats.cron_ticks_added, last_.cron_ticks_added));
  metrics_.CronTicks("skipped", Since(stats.cron_ticks_skipped, last_.cron_ticks_skipped));
  metrics_.SetSessions(stats.connected_sessions, stats.sessions);
  metrics_.SetLeases(stats.leases);
  metrics_.SetLeading(stats.epoch != 0);
  metrics_.SetEpoch(stats.epoch);
  last_ = stats;
}

void QueueMeter::StoreAnswered(const char* operation, size_t jobs, double seconds) {
  metrics_.StoreRequest(operation, jobs, seconds);
}

void QueueMeter::Notice(const queue::CronNotice& notice) {
  using Kind = queue::CronNotice::Kind;
  const LogFields fields = {{"cron", notice.identifier}, {"reason", notice.problem}};
  switch (notice.kind) {
    case Kind::kInFileAndStored:
      return Log::Warning(
          "a cron stands in the crontab file and is stored as well: the file's runs",
          {{"cron", notice.identifier}});
    case Kind::kRefused:
      return Log::Error("jobs of crons cannot be added; they are tried again", fields);
    case Kind::kNotKnown:
      return Log::Error("a cron does not run: it cannot be written down; it is tried again",
                        fields);
    case Kind::kNotLoaded:
      return Log::Error("no job runs: what is needed to lead cannot be read; it is tried again",
                        {{"reason", notice.problem}});
  }
}

}  // namespace leasehold
