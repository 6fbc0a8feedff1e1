#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/job/store_request.h"
#include "server/store/job_store.h"

namespace leasehold::bench {

struct FloorOptions {
  int batch = 500;  // jobs in one request
  int page = 4000;  // jobs in one page of a window
  int lanes = 6;    // requests under way at once
};

// The loads of ./dev bench as the store's requests alone, with a thread for each that is under way:
// what PostgreSQL allows with these statements.
class Floor {
 public:
  using Figures = absl::StatusOr<nlohmann::json>;

  Floor(const FloorOptions& options, store::JobStore& store);

  // Inserts jobs.
  Figures Preload(int jobs);

  // Reads, leases and completes the jobs that are there.
  Figures Drain(int jobs);

  // Inserts, leases and completes batches for so long, each lane one after another. `born_leased`:
  // the insert leases.
  Figures FullCycle(int seconds, bool born_leased);

 private:
  class Backlog;
  struct Batch;

  using MakeRequest = std::function<StoreRequest()>;
  using Lane = std::function<absl::Status()>;

  // Runs `lane` on every lane until each has returned.
  absl::Status RunLanes(const Lane& lane);
  // Runs a request until no lock was met, as the queue does.
  absl::StatusOr<StoreAnswer> Call(const MakeRequest& make);
  absl::Status Add(const Batch& batch, bool born_leased);
  absl::Status Lease(const Batch& batch);
  absl::Status Complete(const Batch& batch);
  Batch NewBatch(int jobs);
  Batch BatchOf(std::vector<RankedJob> ranked);
  nlohmann::json FiguresOf(int64_t jobs, double seconds) const;

  const FloorOptions options_;
  store::JobStore& store_;
  std::atomic<JobId> next_id_;
  std::atomic<int64_t> next_row_{1};
  std::atomic<uint64_t> next_fencing_{1};
  std::atomic<int64_t> completed_{0};
};

}  // namespace leasehold::bench
