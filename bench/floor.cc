#include "bench/floor.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace leasehold::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kTask[] = "bench";

double SecondsSince(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

}  // namespace

// The jobs of one request, on their way.
struct Floor::Batch {
  std::vector<RankedJob> ranked;
  LeaseRow leases;
};

// What one thread reads and the lanes take.
class Floor::Backlog {
 public:
  Backlog(Floor& floor, int jobs) : floor_(floor), jobs_(jobs) {}

  // Reads until all are read; waits while the lanes have enough.
  absl::Status Read() {
    std::optional<Rank> after;
    for (int read = 0; read < jobs_;) {
      const auto answer = floor_.Call([&] {
        ReadWindows request;
        ReadWindows::Window& window = request.windows.emplace_back();
        window.task = kTask;
        window.after = after;
        window.limit = floor_.options_.page;
        return request;
      });
      if (!answer.ok()) return End(answer.status());
      const auto& page = std::get<ReadWindowsAnswer>(*answer).pages.at(0);
      if (page.jobs.empty()) return End(absl::NotFoundError("there are fewer jobs than promised"));
      after = page.last;
      read += static_cast<int>(page.jobs.size());
      std::unique_lock lock(mutex_);
      waiting_.insert(waiting_.end(), page.jobs.begin(), page.jobs.end());
      changed_.notify_all();
      changed_.wait(
          lock, [&] { return waiting_.size() < 2 * static_cast<size_t>(floor_.options_.page); });
    }
    return End(absl::OkStatus());
  }

  // Empty: all are taken.
  std::vector<RankedJob> Take(size_t most) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || waiting_.size() >= most; });
    const auto end = waiting_.begin() + static_cast<ptrdiff_t>(std::min(most, waiting_.size()));
    std::vector<RankedJob> taken(std::make_move_iterator(waiting_.begin()),
                                 std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    changed_.notify_all();
    return taken;
  }

 private:
  absl::Status End(absl::Status status) {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
    return status;
  }

  Floor& floor_;
  const int jobs_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RankedJob> waiting_;
  bool ended_ = false;
};

Floor::Floor(const FloorOptions& options, store::JobStore& store)
    : options_(options), store_(store), next_id_(absl::ToUnixMicros(absl::Now())) {}

Floor::Figures Floor::Preload(int jobs) {
  std::atomic<int> next{0};
  const auto began = Clock::now();
  const absl::Status status = RunLanes([&]() -> absl::Status {
    for (int first = 0; (first = next.fetch_add(options_.batch)) < jobs;) {
      const absl::Status added = Add(NewBatch(std::min(options_.batch, jobs - first)), false);
      if (!added.ok()) return added;
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return FiguresOf(jobs, SecondsSince(began));
}

Floor::Figures Floor::Drain(int jobs) {
  Backlog backlog(*this, jobs);
  const auto began = Clock::now();
  absl::Status read;
  std::thread reader([&] { read = backlog.Read(); });
  const absl::Status status = RunLanes([&]() -> absl::Status {
    for (;;) {
      std::vector<RankedJob> ranked = backlog.Take(options_.batch);
      if (ranked.empty()) return absl::OkStatus();
      const Batch batch = BatchOf(std::move(ranked));
      if (absl::Status leased = Lease(batch); !leased.ok()) return leased;
      if (absl::Status completed = Complete(batch); !completed.ok()) return completed;
    }
  });
  reader.join();
  if (!read.ok()) return read;
  if (!status.ok()) return status;
  return FiguresOf(completed_, SecondsSince(began));
}

Floor::Figures Floor::FullCycle(int seconds, bool born_leased) {
  const auto began = Clock::now();
  const auto end = began + std::chrono::seconds(seconds);
  std::vector<double> tenths;
  std::thread counter([&] {
    for (int64_t tenth = 1, last = 0; tenth <= 10; ++tenth) {
      std::this_thread::sleep_until(began + std::chrono::milliseconds(seconds * 100 * tenth));
      const int64_t now = completed_;
      tenths.push_back(static_cast<double>(now - std::exchange(last, now)) * 10 / seconds);
    }
  });
  const absl::Status status = RunLanes([&]() -> absl::Status {
    while (Clock::now() < end) {
      const Batch batch = NewBatch(options_.batch);
      absl::Status done = Add(batch, born_leased);
      if (done.ok() && !born_leased) done = Lease(batch);
      if (done.ok()) done = Complete(batch);
      if (!done.ok()) return done;
    }
    return absl::OkStatus();
  });
  const double took = SecondsSince(began);
  counter.join();
  if (!status.ok()) return status;
  nlohmann::json figures = FiguresOf(completed_, took);
  figures["per_tenth"] = tenths;
  return figures;
}

absl::Status Floor::RunLanes(const Lane& lane) {
  std::vector<std::future<absl::Status>> lanes;
  for (int i = 0; i < options_.lanes; ++i) lanes.push_back(std::async(std::launch::async, lane));
  absl::Status status;
  for (auto& running : lanes) status.Update(running.get());
  return status;
}

absl::StatusOr<StoreAnswer> Floor::Call(const MakeRequest& make) {
  for (;;) {
    std::promise<absl::StatusOr<StoreAnswer>> promise;
    store_.Submit(make(), [&promise](const absl::Status& status, StoreAnswer answer) {
      if (status.ok()) {
        promise.set_value(std::move(answer));
      } else {
        promise.set_value(status);
      }
    });
    absl::StatusOr<StoreAnswer> answer = promise.get_future().get();
    if (!absl::IsAborted(answer.status())) return answer;
  }
}

absl::Status Floor::Add(const Batch& batch, bool born_leased) {
  return Call([&] {
           AddJobs request;
           for (const RankedJob& ranked : batch.ranked) {
             NewJob job;
             job.task = ranked.task;
             job.payload = "{\"id\":" + std::to_string(ranked.id) + "}";
             request.jobs.push_back({ranked.id, std::move(job), ranked.run_at});
           }
           if (born_leased) request.leases = batch.leases;
           return request;
         })
      .status();
}

absl::Status Floor::Lease(const Batch& batch) {
  const auto answer = Call([&] { return LeaseJobs{batch.ranked, batch.leases, false}; });
  if (!answer.ok()) return answer.status();
  if (std::get<LeaseJobsAnswer>(*answer).leased.size() == batch.ranked.size()) {
    return absl::OkStatus();
  }
  return absl::InternalError("not every job was leased");
}

absl::Status Floor::Complete(const Batch& batch) {
  const auto answer = Call([&] {
    RecordOutcomes request;
    for (const leasehold::Lease& lease : batch.leases.leases) {
      request.completes.push_back({lease.token});
    }
    request.ended_lease_rows = {batch.leases.number};
    return request;
  });
  if (!answer.ok()) return answer.status();
  const auto completed = std::get<RecordOutcomesAnswer>(*answer).completed.size();
  completed_ += static_cast<int64_t>(completed);
  if (completed == batch.ranked.size()) return absl::OkStatus();
  return absl::InternalError("not every job was completed");
}

Floor::Batch Floor::NewBatch(int jobs) {
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
  std::vector<RankedJob> ranked(jobs);
  JobId id = next_id_.fetch_add(jobs);
  for (RankedJob& job : ranked) {
    job.id = id++;
    job.task = kTask;
    job.run_at = now;
  }
  return BatchOf(std::move(ranked));
}

Floor::Batch Floor::BatchOf(std::vector<RankedJob> ranked) {
  Batch batch{std::move(ranked), {next_row_++, {}}};
  uint64_t fencing = next_fencing_.fetch_add(batch.ranked.size());
  for (const RankedJob& job : batch.ranked) {
    batch.leases.leases.push_back({{fencing++, job.id, job.activation, 0x1234567890abcdef}, 1});
  }
  return batch;
}

nlohmann::json Floor::FiguresOf(int64_t jobs, double seconds) const {
  return {{"jobs", jobs},
          {"seconds", seconds},
          {"jobs_per_second", static_cast<double>(jobs) / seconds}};
}

}  // namespace leasehold::bench
