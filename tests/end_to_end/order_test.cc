#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/base/mutex.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/local_executor.h"

// Which job runs next, and on which executor.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using Flags = std::vector<std::string>;

class OrderTest : public EndToEndTest {
 protected:
  // Its handlers write down the payloads, which are numbers, one after the other.
  std::unique_ptr<LocalExecutor> Start(const std::string& name, Flags forbidden_flags = {},
                                       int concurrency = 1) {
    return std::make_unique<LocalExecutor>(
        client::ExecutorOptions{.address = server_.address(),
                                .name = name,
                                .concurrency = concurrency,
                                .forbidden_flags = std::move(forbidden_flags)},
        std::vector<std::string>{"a", "b", "c"}, [this, name](client::JobContext& job) {
          const absl::Time now = absl::Now();
          MutexLock lock(mutex_);
          runs_.push_back({std::stoi(job.payload()), name, now});
          return client::Complete();
        });
  }

  struct Entry {
    int n;
    std::string executor;
    absl::Time start;
  };

  std::vector<Entry> Runs() {
    MutexLock lock(mutex_);
    return runs_;
  }

  std::vector<int> Started() {
    std::vector<int> numbers;
    for (const Entry& run : Runs()) numbers.push_back(run.n);
    return numbers;
  }

  bool AwaitRuns(size_t count) {
    return Eventually([&] {
      MutexLock lock(mutex_);
      return runs_.size() >= count;
    });
  }

  // Their ids.
  std::vector<std::string> AddAll(const std::vector<client::NewJob>& jobs) {
    const auto ids = server_.client().AddJobs(jobs);
    EXPECT_TRUE(ids.ok()) << ids.status();
    return ids.value_or(std::vector<std::string>(jobs.size()));
  }

 private:
  Mutex mutex_;
  std::vector<Entry> runs_ GUARDED_BY(mutex_);
};

constexpr uint32_t kSeed = 20;

// What the order goes by, and the job's number.
struct Rank {
  int priority;
  absl::Time run_at;
  int64_t id;
  int n;
};

std::vector<int> NumbersInOrder(std::vector<Rank> ranks) {
  std::sort(ranks.begin(), ranks.end(), [](const Rank& a, const Rank& b) {
    return std::tie(a.priority, a.run_at, a.id) < std::tie(b.priority, b.run_at, b.id);
  });
  std::vector<int> numbers;
  for (const Rank& rank : ranks) numbers.push_back(rank.n);
  return numbers;
}

TEST_F(OrderTest, IsByPriorityTimeAndIdOverAllTasksAndQueues) {
  std::mt19937 random(kSeed);
  const absl::Time base = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) - 100);
  std::vector<client::NewJob> jobs;
  std::vector<Rank> ranks;
  for (int n = 0; n < 600; ++n) {
    const int priority = static_cast<int>(random() % 5) - 2;
    const absl::Time run_at = base + absl::Seconds(random() % 10);
    jobs.push_back({.task = std::string(1, "abc"[random() % 3]),
                    .payload = std::to_string(n),
                    .run_at = run_at,
                    .priority = priority});
    if (n % 3 == 0) jobs.back().queue = absl::StrFormat("q%d", n);
    ranks.push_back({.priority = priority, .run_at = run_at, .id = 0, .n = n});
  }
  const std::vector<std::string> ids = AddAll(jobs);
  for (int n = 0; n < 600; ++n) ranks[n].id = std::stoll(ids[n]);
  const auto executor = Start("executor");
  ASSERT_TRUE(AwaitRuns(600));
  EXPECT_THAT(Started(), ElementsAreArray(NumbersInOrder(ranks)));
}

TEST_F(OrderTest, IsThatOfAddingAmongEqualsOverGrpc) {
  const absl::Time run_at = absl::Now() - absl::Seconds(10);
  std::vector<int> numbers;
  const auto job = [&] {
    numbers.push_back(static_cast<int>(numbers.size()));
    return client::NewJob{.task = "a", .payload = std::to_string(numbers.back()), .run_at = run_at};
  };
  for (int call = 0; call < 60; ++call) {
    for (int i = 0; i < 3; ++i) Add(job());
    std::vector<client::NewJob> batch;
    for (int i = 0; i < 10; ++i) batch.push_back(job());
    AddAll(batch);
  }
  const auto executor = Start("executor");
  ASSERT_TRUE(AwaitRuns(numbers.size()));
  EXPECT_EQ(Started(), numbers);
}

TEST_F(OrderTest, IsThatOfAddingAmongEqualsFromSql) {
  std::vector<int> numbers;
  for (int statement = 0; statement < 20; ++statement) {
    const int first = static_cast<int>(numbers.size());
    Sql(
        absl::StrFormat("SELECT leasehold.add_job('a', to_json(n), run_at => '2020-01-01') "
                        "FROM generate_series(%d, %d) AS n",
                        first, first + 19));
    for (int n = first; n < first + 20; ++n) numbers.push_back(n);
  }
  const auto executor = Start("executor");
  ASSERT_TRUE(AwaitRuns(numbers.size()));
  EXPECT_EQ(Started(), numbers);
}

TEST_F(OrderTest, GivesNobodyAJobWithAFlagThatItForbids) {
  std::mt19937 random(kSeed);
  std::vector<Flags> flags;
  std::vector<client::NewJob> jobs;
  for (int n = 0; n < 600; ++n) {
    Flags some;
    for (const char* flag : {"big", "gpu", "slow"}) {
      if (random() % 3 == 0) some.push_back(flag);
    }
    flags.push_back(some);
    jobs.push_back({.task = "a", .payload = std::to_string(n), .flags = some});
  }
  AddAll(jobs);
  const auto may_run = [&](const Flags& forbidden, int n) {
    return std::none_of(forbidden.begin(), forbidden.end(), [&](const std::string& flag) {
      return std::count(flags[n].begin(), flags[n].end(), flag) > 0;
    });
  };
  const std::map<std::string, Flags> forbidden = {{"first", {"big", "gpu"}}, {"second", {"slow"}}};
  std::set<int> of_first;
  for (int n = 0; n < 600; ++n) {
    if (may_run(forbidden.at("first"), n)) of_first.insert(n);
  }
  const auto first = Start("first", forbidden.at("first"));
  ASSERT_TRUE(AwaitRuns(of_first.size()));
  const auto second = Start("second", forbidden.at("second"));
  std::set<int> of_nobody;
  for (int n = 0; n < 600; ++n) {
    if (!of_first.contains(n) && !may_run(forbidden.at("second"), n)) of_nobody.insert(n);
  }
  ASSERT_THAT(of_nobody, ::testing::Not(IsEmpty()));
  ASSERT_TRUE(AwaitRuns(600 - of_nobody.size()));
  EXPECT_EQ(Stats().ready, static_cast<int64_t>(of_nobody.size()));
  const auto third = Start("third");
  ASSERT_TRUE(AwaitRuns(600));
  std::set<int> of_third;
  for (const Entry& run : Runs()) {
    if (run.executor == "third") {
      of_third.insert(run.n);
    } else {
      EXPECT_TRUE(may_run(forbidden.at(run.executor), run.n)) << run.executor << " ran " << run.n;
    }
  }
  EXPECT_EQ(of_third, of_nobody);
}

TEST_F(OrderTest, KeepsNobodyBackForJobsThatNobodyCanRun) {
  const auto executor = Start("executor", {"forbidden"});
  int n = 0;
  const auto drain = [&](int jobs) {
    std::vector<client::NewJob> added;
    for (int i = 0; i < jobs; ++i) added.push_back({.task = "a", .payload = std::to_string(n++)});
    const absl::Time start = absl::Now();
    AddAll(added);
    EXPECT_TRUE(AwaitRuns(n));
    return absl::Now() - start;
  };
  drain(5'000);
  const absl::Duration alone = drain(5'000);
  // Before all others: jobs of a task that nobody names, and of one that is, with a forbidden flag.
  Sql("SELECT count(*) FROM leasehold.add_jobs(ARRAY(SELECT "
      "CAST(ROW(CASE n % 2 WHEN 0 THEN 'a' ELSE 'unserved' END, '-1', NULL, '2020-01-01', 25, "
      "NULL, -10, ARRAY['forbidden']) AS leasehold.job_spec) "
      "FROM generate_series(1, 100000) AS n))");
  const absl::Duration among = drain(5'000);
  std::vector<absl::Duration> late;
  for (int i = 0; i < 50; ++i) {
    const absl::Time start = absl::Now();
    Add({.task = "a", .payload = std::to_string(n++)});
    ASSERT_TRUE(AwaitRuns(n));
    late.push_back(Runs().back().start - start);
  }
  std::sort(late.begin(), late.end());
  std::cout << "5,000 jobs alone in " << alone << ", among 100,000 that nobody can run in " << among
            << "; one started after " << late[25] << " in the median\n";
  EXPECT_LT(among, 3 * alone + absl::Seconds(1));
  EXPECT_LT(late[25], absl::Milliseconds(100));
  EXPECT_EQ(Stats().ready, 100'000);
}

}  // namespace
}  // namespace leasehold::testing
