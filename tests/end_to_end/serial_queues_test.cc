#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/local_executor.h"

// Jobs of one serial queue run one at a time, in order, whatever happens.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kQueues = 8;
constexpr int kJobsPerQueue = 120;
constexpr size_t kJobs = kQueues * kJobsPerQueue;

class SerialQueuesTest : public EndToEndTest {
 protected:
  SerialQueuesTest()
      : second_({.database_url = database_.url(),
                 .flags = {"--inbox-poll-interval=30s"},
                 .follows = true}) {}

  // Three, each of which has room for more jobs than there are queues.
  void StartExecutors() {
    for (const char* name : {"one", "two", "three"}) StartExecutor(name);
    ASSERT_TRUE(Eventually([this] { return Stats().connected_sessions == 3; }));
  }

  ExecutorProcess& StartExecutor(const std::string& name) {
    executors_[name] = std::make_unique<ExecutorProcess>(
        ledger_,
        ExecutorProcess::Options{
            .address = server_.address() + "," + second_.address(), .name = name, .prefetch = 100});
    return *executors_[name];
  }

  void Kill(const std::string& name) {
    executors_[name]->Kill();
    killed_.insert(name);
  }

  // Job n of each queue is its n-th; queues and durations are mixed, so that nothing keeps two jobs
  // of a queue apart but the rule.
  void AddJobs() {
    std::vector<int> queues;
    for (size_t i = 0; i < kJobs; ++i) queues.push_back(static_cast<int>(i % kQueues));
    std::mt19937 random(1);
    std::shuffle(queues.begin(), queues.end(), random);
    std::vector<int> next(kQueues);
    std::vector<client::NewJob> jobs;
    for (const int queue : queues) {
      jobs.push_back(
          {.task = "work",
           .payload = Payload(next[queue]++, absl::StrFormat(R"("ms":%d)", random() % 16)),
           .queue = absl::StrFormat("q%d", queue)});
    }
    ASSERT_TRUE(server_.client().AddJobs(jobs).ok());
  }

  bool AwaitShare(double share) { return ledger_.Await("end", static_cast<size_t>(share * kJobs)); }

  bool AwaitAll() {
    return Eventually([this] {
      const auto stats = second_.client().GetStats();
      return stats.ok() && stats->ready + stats->scheduled + stats->leased == 0;
    });
  }

  // Two that ran at once, jobs out of order, and those that did not run. A job that was taken back
  // from a killed executor has a later time of its own: only the order of the others is promised.
  std::vector<std::string> Faults() const {
    std::map<std::string, std::vector<LedgerLine>> queues;
    for (LedgerLine& line : ledger_.Lines()) queues[line.queue].push_back(std::move(line));
    std::vector<std::string> faults;
    for (const auto& [queue, lines] : queues) FindFaults(queue, lines, faults);
    if (queues.size() != kQueues) faults.push_back("queues are missing");
    return faults;
  }

  void FindFaults(const std::string& queue, const std::vector<LedgerLine>& lines,
                  std::vector<std::string>& faults) const {
    const LedgerLine* running = nullptr;
    std::set<int> numbers;
    int last = -1;
    for (const LedgerLine& line : lines) {
      if (line.what != "start") {
        running = nullptr;
        continue;
      }
      if (running != nullptr && !killed_.contains(running->executor)) {
        faults.push_back(absl::StrFormat("%s: %d began while %d ran", queue, line.n, running->n));
      }
      running = &line;
      numbers.insert(line.n);
      if (line.activation > 0) continue;
      if (line.n < last) faults.push_back(absl::StrFormat("%s: %d after %d", queue, line.n, last));
      last = line.n;
    }
    if (numbers.size() != kJobsPerQueue) faults.push_back(queue + ": jobs did not run");
  }

  size_t Starts() const { return ledger_.Lines("start").size(); }

  ServerProcess second_;
  std::map<std::string, std::unique_ptr<ExecutorProcess>> executors_;
  std::set<std::string> killed_;
};

TEST_F(SerialQueuesTest, RunOneAtATimeInOrderOverExecutorsWithLargeWindows) {
  StartExecutors();
  AddJobs();
  ASSERT_TRUE(AwaitAll());
  EXPECT_THAT(Faults(), IsEmpty());
  EXPECT_EQ(Starts(), kJobs);
}

TEST_F(SerialQueuesTest, KeepTheirOrderWhenServersAreKilled) {
  StartExecutors();
  AddJobs();
  ASSERT_TRUE(AwaitShare(0.2));
  server_.Kill();
  ASSERT_TRUE(AwaitShare(0.5));
  server_.Restart();
  second_.Kill();
  ASSERT_TRUE(AwaitShare(0.8));
  second_.Restart();
  ASSERT_TRUE(AwaitAll());
  EXPECT_THAT(Faults(), IsEmpty());
  EXPECT_EQ(Starts(), kJobs) << "a job ran again";
}

TEST_F(SerialQueuesTest, KeepTheirOrderWhenTheLeadershipIsHandedOver) {
  StartExecutors();
  AddJobs();
  ASSERT_TRUE(AwaitShare(0.3));
  EXPECT_EQ(server_.Stop(), Exit{});
  ASSERT_TRUE(AwaitAll());
  EXPECT_THAT(Faults(), IsEmpty());
  EXPECT_EQ(Starts(), kJobs) << "a job ran again";
}

TEST_F(SerialQueuesTest, RunNoTwoAtOnceWhenExecutorsAreKilled) {
  StartExecutors();
  AddJobs();
  for (const double share : {0.2, 0.4, 0.6}) {
    ASSERT_TRUE(AwaitShare(share));
    const std::string name = share < 0.3 ? "one" : share < 0.5 ? "two" : "three";
    Kill(name);
    StartExecutor(name + "-again");
  }
  ASSERT_TRUE(AwaitAll());
  EXPECT_THAT(Faults(), IsEmpty());
  EXPECT_GT(Starts(), kJobs) << "nobody was killed with a job in hand";
}

class ASerialQueueTest : public EndToEndTest {};

TEST_F(ASerialQueueTest, LetsTheNextRunWhileItsHeadWaitsForItsRetry) {
  Add({.task = "work",
       .payload = Payload(0, R"("fail":"no luck","fails":1,"retry_ms":400)"),
       .queue = "q"});
  Add({.task = "work", .payload = Payload(1), .queue = "q"});
  Add({.task = "work", .payload = Payload(2), .queue = "q"});
  ExecutorProcess executor(ledger_, Executor());
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(0, 1, 2, 0));
}

TEST_F(ASerialQueueTest, IsNotHeldByAHeadThatAnOpenTransactionLocks) {
  const std::string head = Add({.task = "work", .payload = Payload(0), .queue = "q"});
  Add({.task = "work", .payload = Payload(1), .queue = "q"});
  Add({.task = "work", .payload = Payload(2), .queue = "q"});
  pqxx::connection connection(database_.url());
  pqxx::work transaction(connection);
  transaction.exec("SELECT leasehold.reschedule_jobs(ARRAY[" + head + "], max_attempts => 7)");
  ExecutorProcess executor(ledger_, Executor());
  ASSERT_TRUE(ledger_.Await("end", 2));
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(1, 2));
  transaction.commit();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(1, 2, 0));
}

// The next number of each queue, and whether one of its jobs runs.
class QueueCheck {
 public:
  explicit QueueCheck(int queues) : next_(queues), busy_(queues) {}

  void Run(int queue, int n) {
    if (busy_[queue].exchange(true)) ++overlaps_;
    if (next_[queue].exchange(n + 1) != n) ++disorders_;
    busy_[queue] = false;
    ++runs_;
  }

  int runs() const { return runs_; }
  int overlaps() const { return overlaps_; }
  int disorders() const { return disorders_; }

 private:
  std::vector<std::atomic<int>> next_;
  std::vector<std::atomic<bool>> busy_;
  std::atomic<int> runs_{0};
  std::atomic<int> overlaps_{0};
  std::atomic<int> disorders_{0};
};

class ManySerialQueuesTest : public EndToEndTest {
 protected:
  // Job n of each queue is its n-th. A thread adds all jobs of its queues, those of a hundred
  // together, so that executors hold several of the same at once if they may.
  void AddJobs(int queues, int jobs_per_queue) {
    constexpr int kThreads = 4;
    constexpr int kTogether = 100;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([=, this] {
        client::Client client({.address = server_.address(), .deadline = absl::Minutes(1)});
        std::vector<client::NewJob> jobs;
        const auto send = [&] {
          EXPECT_TRUE(client.AddJobs(jobs).ok());
          jobs.clear();
        };
        for (int first = thread * kTogether; first < queues; first += kThreads * kTogether) {
          for (int n = 0; n < jobs_per_queue; ++n) {
            for (int queue = first; queue < first + kTogether; ++queue) {
              jobs.push_back({.task = "work",
                              .payload = absl::StrFormat("%d", queue * jobs_per_queue + n),
                              .queue = absl::StrFormat("q%d", queue)});
            }
          }
          send();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
};

TEST_F(ManySerialQueuesTest, AHundredThousandOfTenJobsRunInOrder) {
  constexpr int kMany = 100'000;
  constexpr int kEach = 10;
  absl::Time start = absl::Now();
  AddJobs(kMany, kEach);
  std::cout << "added in " << absl::Now() - start << '\n';
  QueueCheck check(kMany);
  const auto handler = [&](client::JobContext& job) {
    const int number = std::stoi(job.payload());
    check.Run(number / kEach, number % kEach);
    return client::Complete();
  };
  start = absl::Now();
  const auto options = [&](const std::string& name) {
    return client::ExecutorOptions{
        .address = server_.address(), .name = name, .concurrency = 2, .prefetch = 8'000};
  };
  LocalExecutor one(options("one"), {"work"}, handler);
  LocalExecutor two(options("two"), {"work"}, handler);
  ASSERT_TRUE(Eventually([&] { return check.runs() >= kMany * kEach; }, absl::Minutes(2)))
      << check.runs();
  std::cout << "drained in " << absl::Now() - start << '\n';
  EXPECT_TRUE(one.Stop().ok());
  EXPECT_TRUE(two.Stop().ok());
  EXPECT_EQ(check.runs(), kMany * kEach);
  EXPECT_EQ(check.overlaps(), 0);
  EXPECT_EQ(check.disorders(), 0);
}

}  // namespace
}  // namespace leasehold::testing
