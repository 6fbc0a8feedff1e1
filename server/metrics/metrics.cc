#include "server/metrics/metrics.h"

#include <algorithm>
#include <utility>

#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"
#include "server/base/mutex.h"
#include "server/logging/log.h"
#include "server/metrics/buckets.h"
#include "server/metrics/labelled.h"
#include "server/metrics/rpc_families.h"

namespace leasehold {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

constexpr size_t kTaskLimit = 100;
constexpr size_t kStatementLimit = 200;
constexpr size_t kErrorClassLimit = 50;

Family<Counter>& Counters(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter()
      .Name(std::string("leasehold_") + name)
      .Help(help)
      .Register(registry);
}

Family<Gauge>& Gauges(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge()
      .Name(std::string("leasehold_") + name)
      .Help(help)
      .Register(registry);
}

Family<Histogram>& Histograms(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram()
      .Name(std::string("leasehold_") + name)
      .Help(help)
      .Register(registry);
}

Counter& OneCounter(Registry& registry, const char* name, const char* help) {
  return Counters(registry, name, help).Add({});
}

Gauge& OneGauge(Registry& registry, const char* name, const char* help) {
  return Gauges(registry, name, help).Add({});
}

// Observes all values at once: a histogram is a lock, and these are many.
void ObserveAll(Histogram& histogram, const std::vector<double>& bounds,
                const std::vector<double>& values) {
  if (values.empty()) return;
  std::vector<double> increments(bounds.size() + 1);
  double sum = 0;
  for (const double value : values) {
    ++increments[std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin()];
    sum += value;
  }
  histogram.ObserveMultiple(increments, sum);
}

// The families with a task label.
struct TaskFamilies {
  explicit TaskFamilies(Registry& registry)
      : added(Counters(registry, "jobs_added_total", "Jobs added")),
        leased(Counters(registry, "jobs_leased_total", "Jobs leased to executors")),
        completed(Counters(registry, "jobs_completed_total",
                           "Attempts that ended, by outcome: succeeded, failed (will be tried "
                           "again) or permanently_failed")),
        retried(Counters(registry, "jobs_retried_total",
                         "Jobs given back to the queue, by reason: error, released or "
                         "executor_lost")),
        wait(Histograms(registry, "job_wait_seconds", "Time from when a job was due to its lease")),
        run(Histograms(registry, "job_run_seconds", "Time from a job's lease to its outcome")) {}

  Family<Counter>& added;
  Family<Counter>& leased;
  Family<Counter>& completed;
  Family<Counter>& retried;
  Family<Histogram>& wait;
  Family<Histogram>& run;
};

// What is counted for one task.
struct TaskMetrics {
  TaskMetrics(TaskFamilies& families, const std::string& task)
      : added(families.added.Add({{"task", task}})),
        leased(families.leased.Add({{"task", task}})),
        succeeded(families.completed.Add({{"task", task}, {"outcome", "succeeded"}})),
        failed(families.completed.Add({{"task", task}, {"outcome", "failed"}})),
        permanently_failed(
            families.completed.Add({{"task", task}, {"outcome", "permanently_failed"}})),
        retried(families.retried.Add({{"task", task}, {"reason", "error"}})),
        released(families.retried.Add({{"task", task}, {"reason", "released"}})),
        swept(families.retried.Add({{"task", task}, {"reason", "executor_lost"}})),
        wait(families.wait.Add({{"task", task}}, LatencyBuckets())),
        run(families.run.Add({{"task", task}}, RunTimeBuckets())) {}

  Counter& added;
  Counter& leased;
  Counter& succeeded;
  Counter& failed;
  Counter& permanently_failed;
  Counter& retried;
  Counter& released;
  Counter& swept;
  Histogram& wait;
  Histogram& run;
};

// What is counted for one kind of request to the store.
struct StoreMetrics {
  Histogram* jobs;
  Histogram* seconds;
};

}  // namespace

struct Metrics::Families {
  explicit Families(std::string_view version) {
    Gauges(registry, "build_info", "1, with the version as a label")
        .Add({{"version", std::string(version)}})
        .Set(1);
  }

  Registry registry;
  TaskFamilies task_families{registry};
  RpcFamilies rpcs{registry};

  Labelled<TaskMetrics> tasks{
      kTaskLimit, [this](const std::string& task) { return TaskMetrics(task_families, task); }};

  Counter& sweep_runs =
      OneCounter(registry, "sweep_runs_total", "Sweeps that looked for lost executors");
  Counter& sweep_jobs =
      OneCounter(registry, "sweep_jobs_total", "Jobs taken back from lost executors");
  Counter& stale_outcomes =
      OneCounter(registry, "stale_outcomes_total", "Outcomes answered LEASE_LOST");
  Counter& idempotent_replays =
      OneCounter(registry, "idempotent_replays_total", "Requests repeated and answered as before");
  Counter& listen_notifications =
      OneCounter(registry, "listen_notifications_total", "Notifications of jobs changed by SQL");
  Counter& window_proof_corrections =
      OneCounter(registry, "window_proof_corrections_total",
                 "Jobs that the proof of a window found wrong: any is a defect");
  Histogram& add_to_dispatch =
      Histograms(registry, "add_to_dispatch_seconds",
                 "Time from a job's arrival to its frame, where an executor was waiting")
          .Add({}, LatencyBuckets());

  Family<Counter>& cron_ticks =
      Counters(registry, "cron_ticks_total",
               "Ticks of crons, by result: added, or skipped because they had run before");
  Counter& cron_ticks_added = cron_ticks.Add({{"result", "added"}});
  Counter& cron_ticks_skipped = cron_ticks.Add({{"result", "skipped"}});
  Histogram& cron_late = Histograms(registry, "cron_late_seconds",
                                    "Time from a cron's tick until its job was added, backfilled "
                                    "ones left out")
                             .Add({}, LatencyBuckets());

  Histogram& event_wait = Histograms(registry, "event_wait_seconds",
                                     "Time that what has come waits for the queue thread")
                              .Add({}, StageBuckets());
  Counter& queue_busy =
      OneCounter(registry, "queue_busy_seconds_total", "Time that the queue thread has worked");
  Family<Histogram>& request_jobs =
      Histograms(registry, "store_request_jobs", "Jobs in one request to the store");
  Family<Histogram>& request_seconds =
      Histograms(registry, "store_request_seconds",
                 "Time of a request to the store, from the queue thread and back to it");
  Labelled<StoreMetrics> store_requests{
      kStatementLimit, [this](const std::string& operation) {
        return StoreMetrics{&request_jobs.Add({{"op", operation}}, BatchBuckets()),
                            &request_seconds.Add({{"op", operation}}, StageBuckets())};
      }};

  Family<Gauge>& jobs =
      Gauges(registry, "jobs", "Jobs by state: ready, scheduled, leased or failed (sampled)");
  Gauge& oldest_ready = OneGauge(registry, "oldest_ready_job_age_seconds",
                                 "How long the oldest ready job has been due (sampled)");
  Family<Gauge>& executors =
      Gauges(registry, "executors", "Executors by state: connected, or away and yet to resume");
  Gauge& connected = executors.Add({{"state", "connected"}});
  Gauge& away = executors.Add({{"state", "away"}});
  Gauge& leases = OneGauge(registry, "leases", "Leases held");
  Gauge& is_draining = OneGauge(registry, "is_draining", "1 while this server stops");
  Gauge& is_leading = OneGauge(registry, "is_leading", "1 while this server leads");
  Gauge& epoch = OneGauge(registry, "epoch", "The epoch of the leadership");

  Mutex mu;
  Counter& log_lines_dropped =
      OneCounter(registry, "log_lines_dropped_total", "Log lines lost because nobody read them");
  uint64_t log_lines_seen GUARDED_BY(mu) = 0;

  Family<Histogram>& query_family =
      Histograms(registry, "db_query_seconds", "Time of a statement on PostgreSQL");
  Labelled<Histogram*> queries{kStatementLimit, [this](const std::string& statement) {
                                 return &query_family.Add({{"op", statement}}, LatencyBuckets());
                               }};
  Family<Counter>& error_family =
      Counters(registry, "db_errors_total", "Statements that failed, by class of SQLSTATE");
  Labelled<Counter*> errors{kErrorClassLimit, [this](const std::string& sqlstate_class) {
                              return &error_family.Add({{"sqlstate_class", sqlstate_class}});
                            }};
};

Metrics::Metrics(std::string_view version) : families_(std::make_unique<Families>(version)) {}

Metrics::~Metrics() = default;

void Metrics::JobsAdded(const std::string& task, int64_t n) {
  families_->tasks.Get(task).added.Increment(static_cast<double>(n));
}

void Metrics::JobsLeased(const std::string& task, int64_t n) {
  families_->tasks.Get(task).leased.Increment(static_cast<double>(n));
}

void Metrics::JobsCompleted(const std::string& task, int64_t n) {
  families_->tasks.Get(task).succeeded.Increment(static_cast<double>(n));
}

void Metrics::JobsFailed(const std::string& task, int64_t n) {
  TaskMetrics& counted = families_->tasks.Get(task);
  counted.failed.Increment(static_cast<double>(n));
  counted.retried.Increment(static_cast<double>(n));
}

void Metrics::JobsPermanentlyFailed(const std::string& task, int64_t n) {
  families_->tasks.Get(task).permanently_failed.Increment(static_cast<double>(n));
}

void Metrics::JobsReleased(const std::string& task, int64_t n) {
  families_->tasks.Get(task).released.Increment(static_cast<double>(n));
}

void Metrics::JobsSwept(const std::string& task, int64_t n) {
  families_->tasks.Get(task).swept.Increment(static_cast<double>(n));
  families_->sweep_jobs.Increment(static_cast<double>(n));
}

void Metrics::SweepsDone(int64_t n) { families_->sweep_runs.Increment(static_cast<double>(n)); }

void Metrics::CronTicks(std::string_view result, int64_t n) {
  Counter& counted =
      result == "added" ? families_->cron_ticks_added : families_->cron_ticks_skipped;
  counted.Increment(static_cast<double>(n));
}

void Metrics::CronLateSeconds(const std::vector<double>& seconds) {
  ObserveAll(families_->cron_late, LatencyBuckets(), seconds);
}

void Metrics::WaitSeconds(const std::string& task, const std::vector<double>& seconds) {
  ObserveAll(families_->tasks.Get(task).wait, LatencyBuckets(), seconds);
}

void Metrics::RunSeconds(const std::string& task, const std::vector<double>& seconds) {
  ObserveAll(families_->tasks.Get(task).run, RunTimeBuckets(), seconds);
}

void Metrics::AddToDispatchSeconds(const std::vector<double>& seconds) {
  ObserveAll(families_->add_to_dispatch, LatencyBuckets(), seconds);
}

void Metrics::EventWaitSeconds(const std::vector<double>& seconds) {
  ObserveAll(families_->event_wait, StageBuckets(), seconds);
}

void Metrics::QueueBusySeconds(double seconds) { families_->queue_busy.Increment(seconds); }

void Metrics::StoreRequest(const std::string& operation, size_t jobs, double seconds) {
  const StoreMetrics& counted = families_->store_requests.Get(operation);
  counted.jobs->Observe(static_cast<double>(jobs));
  counted.seconds->Observe(seconds);
}

void Metrics::LeasesLost(int64_t n) { families_->stale_outcomes.Increment(static_cast<double>(n)); }

void Metrics::IdempotentReplays(int64_t n) {
  families_->idempotent_replays.Increment(static_cast<double>(n));
}

void Metrics::InboxNotifications(int64_t n) {
  families_->listen_notifications.Increment(static_cast<double>(n));
}

void Metrics::WindowProofCorrections(int64_t n) {
  families_->window_proof_corrections.Increment(static_cast<double>(n));
}

void Metrics::SetJobs(std::string_view state, int64_t n) {
  families_->jobs.Add({{"state", std::string(state)}}).Set(static_cast<double>(n));
}

void Metrics::SetOldestReadyJobAgeSeconds(double seconds) { families_->oldest_ready.Set(seconds); }

void Metrics::SetSessions(int64_t connected, int64_t known) {
  families_->connected.Set(static_cast<double>(connected));
  families_->away.Set(static_cast<double>(known - connected));
}

void Metrics::SetLeases(int64_t n) { families_->leases.Set(static_cast<double>(n)); }

void Metrics::SetDraining(bool draining) { families_->is_draining.Set(draining ? 1 : 0); }

void Metrics::SetLeading(bool leading) { families_->is_leading.Set(leading ? 1 : 0); }

void Metrics::SetEpoch(uint64_t epoch) { families_->epoch.Set(static_cast<double>(epoch)); }

void Metrics::DatabaseStatementSeconds(const std::string& statement, double seconds) {
  families_->queries.Get(statement)->Observe(seconds);
}

void Metrics::DatabaseError(const std::string& sqlstate_class) {
  families_->errors.Get(sqlstate_class)->Increment();
}

RpcMetrics& Metrics::Rpc(const std::string& service, const std::string& method,
                         const std::string& grpc_type) {
  return families_->rpcs.Get(service, method, grpc_type);
}

std::string Metrics::Text() const {
  {
    MutexLock lock(families_->mu);
    const uint64_t dropped = std::max(DroppedLogLines(), families_->log_lines_seen);
    families_->log_lines_dropped.Increment(
        static_cast<double>(dropped - families_->log_lines_seen));
    families_->log_lines_seen = dropped;
  }
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace leasehold
