#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iostream>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/local_executor.h"

// A million jobs of every kind at once: many times what the server holds in memory.
namespace leasehold::testing {
namespace {

constexpr int kJobs = 1'000'000;
constexpr int kQueues = 200;

// Job n of the backlog: every kind follows from n, here and in kSpecs.
struct Kind {
  explicit Kind(int n)
      : unserved(n % 20 == 19),
        keyed(n % 100 == 11),
        next_year(n % 500 == 7),
        soon(n % 500 == 8),
        failed(n % 200 == 13),
        gpu(n % 10 == 3 || n % 100 == 9),
        slow(n % 10 == 6 || n % 100 == 9),
        queue(n % 8 == 5 ? n / 8 % kQueues : -1),
        priority(n / 7 % 4 - 1),
        // Before now, so that the order of adding is not the order of running.
        age_ms(soon ? 0 : static_cast<int64_t>(n) * 7919 % 100'003) {}

  bool OfNobody() const { return unserved || failed || next_year || (gpu && slow); }

  bool unserved, keyed, next_year, soon, failed, gpu, slow;
  int queue;
  int priority;
  int64_t age_ms;
};

constexpr char kSpecs[] = R"(
    SELECT count(*) FROM leasehold.add_jobs(ARRAY(SELECT CAST(ROW(
      CASE WHEN n %% 20 = 19 THEN 'unserved' ELSE (ARRAY['a', 'b', 'c'])[n %% 3 + 1] END,
      to_json(n),
      CASE WHEN n %% 8 = 5 THEN 'q' || n / 8 %% %d END,
      CASE WHEN n %% 500 IN (7, 8) THEN now() + interval '1 year'
        ELSE timestamptz '2026-01-01' - n::bigint * 7919 %% 100003 * interval '1 ms' END,
      25,
      CASE WHEN n %% 100 = 11 THEN 'key ' || n END,
      n / 7 %% 4 - 1,
      CASE WHEN n %% 100 = 9 THEN ARRAY['gpu', 'slow'] WHEN n %% 10 = 3 THEN ARRAY['gpu']
        WHEN n %% 10 = 6 THEN ARRAY['slow'] END)
    AS leasehold.job_spec) FROM generate_series(%d, %d) AS n)))";

// Where a job stands in the order of work.
using Rank = std::tuple<int, int64_t, int>;

Rank RankOf(int n) {
  const Kind kind(n);
  return {kind.priority, -kind.age_ms, n};
}

class BacklogTest : public EndToEndTest {
 protected:
  BacklogTest() : runs_(kJobs), busy_queues_(kQueues), started_of_queue_(kQueues) {}

  void AddBacklog() {
    constexpr int kJobsPerStatement = 50'000;
    const absl::Time start = absl::Now();
    for (int n = 0; n < kJobs; n += kJobsPerStatement) {
      Sql(absl::StrFormat(kSpecs, kQueues, n, n + kJobsPerStatement - 1));
    }
    Sql("SELECT count(*) FROM leasehold.permanently_fail_jobs(ARRAY(SELECT id FROM "
        "leasehold.job_rows WHERE payload::text::int % 200 = 13))");
    std::cout << "added within " << absl::Now() - start << '\n';
  }

  // Those that were to run in a year run in some seconds.
  void BringForwardTheSoonOnes() {
    Sql("SELECT count(*) FROM leasehold.reschedule_jobs(ARRAY(SELECT id FROM leasehold.job_rows "
        "WHERE payload::text::int % 500 = 8 AND attempts < max_attempts), "
        "run_at => now() + interval '4 seconds')");
  }

  client::ExecutorOptions Options(const std::string& name, const std::string& forbidden) const {
    return {.address = server_.address(),
            .name = name,
            .concurrency = 1,
            .prefetch = 4'000,
            .forbidden_flags = {forbidden}};
  }

  client::Result Run(const client::JobContext& job, std::vector<int>& started) {
    const int n = std::stoi(job.payload());
    const int queue = Kind(n).queue;
    started.push_back(n);
    ++runs_.at(n);
    if (queue >= 0) {
      if (busy_queues_[queue].exchange(true)) ++overlaps_;
      started_of_queue_[queue].push_back(n);
      busy_queues_[queue] = false;
    }
    ++count_;
    return client::Complete();
  }

  // Jobs out of order, of those whose order the backlog alone decides.
  static int Disorders(const std::vector<int>& started, bool of_queues) {
    int disorders = 0;
    Rank last{std::numeric_limits<int>::min(), 0, 0};
    for (const int n : started) {
      const Kind kind(n);
      if (kind.soon || (!of_queues && kind.queue >= 0)) continue;
      if (RankOf(n) < last) ++disorders;
      last = RankOf(n);
    }
    return disorders;
  }

  int64_t ServerMegabytes() {
    std::ifstream status("/proc/" + std::to_string(server_.process().pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) / 1024;
    }
    return std::numeric_limits<int64_t>::max();
  }

  std::vector<std::atomic<int>> runs_;
  std::vector<std::atomic<bool>> busy_queues_;
  std::vector<std::vector<int>> started_of_queue_;  // of one only while it is busy
  std::atomic<int> overlaps_{0};
  std::atomic<int> count_{0};
};

TEST_F(BacklogTest, OfAMillionJobsOfEveryKindRunsOnceInOrderWithinBoundedMemory) {
  AddBacklog();
  int expected = 0;
  for (int n = 0; n < kJobs; ++n) expected += Kind(n).OfNobody() ? 0 : 1;

  const absl::Time start = absl::Now();
  std::vector<int> of_one;
  std::vector<int> of_two;
  LocalExecutor one(Options("one", "gpu"), {"a", "b", "c"},
                    [&](client::JobContext& job) { return Run(job, of_one); });
  LocalExecutor two(Options("two", "slow"), {"a", "b", "c"},
                    [&](client::JobContext& job) { return Run(job, of_two); });
  BringForwardTheSoonOnes();
  ASSERT_TRUE(Eventually([&] { return count_ >= expected; }, absl::Minutes(3)))
      << count_ << " of " << expected << " ran";
  std::cout << expected << " ran within " << absl::Now() - start << ", server memory "
            << ServerMegabytes() << " MB at most\n";
  EXPECT_TRUE(one.Stop().ok());
  EXPECT_TRUE(two.Stop().ok());

  int wrong = 0;
  for (int n = 0; n < kJobs; ++n) wrong += runs_[n] == (Kind(n).OfNobody() ? 0 : 1) ? 0 : 1;
  EXPECT_EQ(wrong, 0) << "jobs that did not run, ran twice or must not run";
  EXPECT_EQ(std::count_if(of_one.begin(), of_one.end(), [](int n) { return Kind(n).gpu; }), 0);
  EXPECT_EQ(std::count_if(of_two.begin(), of_two.end(), [](int n) { return Kind(n).slow; }), 0);
  EXPECT_EQ(Disorders(of_one, /*of_queues=*/false), 0);
  EXPECT_EQ(Disorders(of_two, /*of_queues=*/false), 0);
  EXPECT_EQ(overlaps_, 0);
  int queues_in_disorder = 0;
  for (const std::vector<int>& started : started_of_queue_) {
    queues_in_disorder += Disorders(started, /*of_queues=*/true) == 0 ? 0 : 1;
  }
  EXPECT_EQ(queues_in_disorder, 0);

  const client::Stats stats = Stats();
  EXPECT_EQ(stats.ready + stats.scheduled + stats.failed + stats.leased, kJobs - expected);
  EXPECT_EQ(stats.leased_total, expected);
  // A window is proved each minute.
  EXPECT_EQ(server_.Metric("leasehold_window_proof_corrections_total"), 0);
  EXPECT_LT(ServerMegabytes(), 300);
}

}  // namespace
}  // namespace leasehold::testing
