// What the store alone can do: drives PgJobStore with batches as the queue would, without queue and
// gRPC, and prints jobs/s and the client's own CPU time for a job. Makes the schema if need be, and
// takes over its leadership: not for a database that is in use.

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <latch>
#include <string>
#include <utility>
#include <vector>

#include "server/store/leadership_store.h"
#include "server/store/migrator/migrator.h"
#include "server/store/pg_job_store.h"

namespace leasehold::bench {
namespace {

struct Options {
  std::string database_url;
  std::string schema = "leasehold";
  int connections = 2;
  int batch = 500;
  int jobs = 200'000;
  int lanes = 4;
};

class Bystander : public store::JobStoreObserver {
 public:
  void InboxFilled() override {}
  void StoreAway() override {}
  void StoreBack(uint64_t) override {}
  void Deposed() override {}
};

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return t.tv_sec + t.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The jobs of one batch on their way through the store.
struct Batch {
  std::vector<JobToInsert> jobs;
  std::vector<RankedJob> ranked;
  LeaseRow leases;
};

class Floor {
 public:
  Floor(const Options& options, store::PgJobStore& store) : options_(options), store_(store) {}

  void Prepare(JobId first_id) {
    batches_.assign(options_.jobs / options_.batch, {});
    const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
    for (Batch& batch : batches_) {
      batch.leases = {next_row_++, {}};
      for (int i = 0; i < options_.batch; ++i) AddJob(batch, first_id++, now);
    }
  }

  // Runs `step` for every batch, so many at a time, and prints how fast that was.
  void Measure(const char* name, const std::function<StoreRequest(Batch&)>& step) {
    const double cpu = CpuSeconds();
    const auto start = std::chrono::steady_clock::now();
    next_ = 0;
    std::latch ended(options_.lanes);
    for (int lane = 0; lane < options_.lanes; ++lane) RunNext(step, ended);
    ended.wait();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const double jobs = static_cast<double>(batches_.size()) * options_.batch;
    std::printf("%-24s %9.0f jobs/s   client cpu %5.2f us/job\n", name, jobs / took.count(),
                (CpuSeconds() - cpu) / jobs * 1e6);
  }

 private:
  void AddJob(Batch& batch, JobId id, absl::Time now) {
    NewJob job;
    job.task = "checksum_file";
    job.payload = R"({"path": "/usr/share/doc/something/copyright", "n": 12345})";
    RankedJob ranked;
    ranked.id = id;
    ranked.task = job.task;
    ranked.run_at = now;
    batch.jobs.push_back({id, std::move(job), now});
    batch.ranked.push_back(std::move(ranked));
    batch.leases.leases.push_back({{next_fencing_++, id, 0, 0x1234567890abcdef}, 1});
  }

  void RunNext(const std::function<StoreRequest(Batch&)>& step, std::latch& ended) {
    const size_t index = next_++;
    if (index >= batches_.size()) {
      ended.count_down();
      return;
    }
    RunBatch(index, step, ended);
  }

  void RunBatch(size_t index, const std::function<StoreRequest(Batch&)>& step, std::latch& ended) {
    const auto answered = [this, &step, &ended, index](absl::Status status, const StoreAnswer&) {
      if (absl::IsAborted(status)) {
        // A lock was met; the queue would submit it again too.
        RunBatch(index, step, ended);
        return;
      }
      if (!status.ok()) {
        std::fprintf(stderr, "%s\n", status.ToString().c_str());
        std::exit(1);
      }
      RunNext(step, ended);
    };
    store_.Submit(step(batches_[index]), answered);
  }

  const Options options_;
  store::PgJobStore& store_;
  std::vector<Batch> batches_;
  int64_t next_row_ = 1;
  uint64_t next_fencing_ = 1;
  std::atomic<size_t> next_ = 0;
};

StoreRequest Add(Batch& batch) { return AddJobs{batch.jobs, {}, std::nullopt}; }

StoreRequest AddBornLeased(Batch& batch) { return AddJobs{batch.jobs, {}, batch.leases}; }

StoreRequest Lease(Batch& batch) { return LeaseJobs{batch.ranked, batch.leases, false}; }

StoreRequest Complete(Batch& batch) {
  RecordOutcomes request;
  for (const leasehold::Lease& lease : batch.leases.leases) {
    request.completes.push_back({lease.token});
  }
  request.ended_lease_rows = {batch.leases.number};
  return request;
}

StoreRequest Fail(Batch& batch) {
  RecordOutcomes request;
  for (const leasehold::Lease& lease : batch.leases.leases) {
    RecordOutcomes::Update update;
    update.token = lease.token;
    update.attempts = 1;
    update.run_at = absl::UnixEpoch();
    update.error = "it did not work out";
    request.updates.push_back(std::move(update));
  }
  request.ended_lease_rows = {batch.leases.number};
  return request;
}

absl::Status Lead(const store::ConnectionOptions& connection, store::PgJobStore& store) {
  store::MigrateOptions migrate_options;
  migrate_options.schema = connection.schema;
  const auto migrated = store::Migrate(connection.database_url, migrate_options);
  if (!migrated.ok()) return migrated.status();
  auto leadership = store::LeadershipStore::Connect(connection);
  if (!leadership.ok()) return leadership.status();
  const auto before = (*leadership)->Read();
  if (!before.ok()) return before.status();
  const auto epoch = (*leadership)->TakeOver(before->epoch);
  return epoch.ok() ? store.Start(*epoch) : epoch.status();
}

int Main(const Options& options) {
  store::PgJobStoreOptions store_options;
  store_options.connection.database_url = options.database_url;
  store_options.connection.schema = options.schema;
  store_options.connection.server_id = "store-floor";
  store_options.connections = options.connections;
  Bystander bystander;
  store::PgJobStore store(store_options, bystander);
  const absl::Status started = Lead(store_options.connection, store);
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.ToString().c_str());
    return 1;
  }

  const JobId first_id = absl::ToUnixMicros(absl::Now());
  Floor floor(options, store);
  floor.Prepare(first_id);
  floor.Measure("add_jobs", Add);
  floor.Measure("lease_jobs", Lease);
  floor.Measure("record_outcomes", Complete);
  floor.Prepare(first_id + options.jobs);
  floor.Measure("add_jobs, born leased", AddBornLeased);
  floor.Measure("record_outcomes", Complete);
  floor.Prepare(first_id + 2 * options.jobs);
  floor.Measure("add_jobs, born leased", AddBornLeased);
  floor.Measure("record_outcomes, failed", Fail);
  return 0;
}

}  // namespace
}  // namespace leasehold::bench

int main(int argc, char** argv) {
  leasehold::bench::Options options;
  CLI::App app("What the store alone can do");
  app.add_option("--database-url", options.database_url)->required();
  app.add_option("--schema", options.schema);
  app.add_option("--connections", options.connections);
  app.add_option("--batch", options.batch, "jobs in one request");
  app.add_option("--jobs", options.jobs);
  app.add_option("--lanes", options.lanes, "requests under way at once");
  CLI11_PARSE(app, argc, argv);
  return leasehold::bench::Main(options);
}
