#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/base/mutex.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/local_executor.h"

// A job starts within 50 ms of its run_at, while the server's poll is 30 s away.
namespace leasehold::testing {
namespace {

constexpr absl::Duration kPromised = absl::Milliseconds(50);
// So many are measured, each this long after the one before: long enough that nothing else wakes
// the server in time.
constexpr int kJobs = 20;
constexpr absl::Duration kApart = absl::Milliseconds(120);
// Whoever adds them is done by then.
constexpr absl::Duration kAhead = absl::Seconds(1);
// Of which one must keep the promise: other programs may have disturbed the others.
constexpr int kRounds = 4;

class DueTimesTest : public EndToEndTest {
 protected:
  using Adds = std::function<void(const std::vector<absl::Time>& due)>;

  DueTimesTest()
      : EndToEndTest({"--inbox-poll-interval=30s", "--sweep-interval=1s"}),
        executor_({.address = server_.address(), .concurrency = 2}, {"work"},
                  [this](client::JobContext& job) {
                    const absl::Time now = absl::Now();
                    MutexLock lock(mutex_);
                    started_.at(std::stoi(job.payload())) = now;
                    return client::Complete();
                  }) {}

  // `add` adds job n, whose payload is n, or moves it, so that it is due at due[n].
  void ExpectStartsOnTime(const Adds& add) {
    absl::Duration best = absl::InfiniteDuration();
    for (int round = 0; round < kRounds && best > kPromised; ++round) {
      best = std::min(best, NineOfTenStartWithin(add));
    }
    EXPECT_LE(best, kPromised);
  }

  // As SQL reads it.
  static std::string Quoted(absl::Time time) {
    return "timestamptz '" + absl::FormatTime("%Y-%m-%d %H:%M:%E6S+00", time, absl::UTCTimeZone()) +
           "'";
  }

  std::string ApartInSql() const {
    return absl::StrFormat("interval '%d ms'", absl::ToInt64Milliseconds(kApart));
  }

 private:
  absl::Duration NineOfTenStartWithin(const Adds& add) {
    std::vector<absl::Time> due;
    const absl::Time first = absl::FromUnixMillis(absl::ToUnixMillis(absl::Now() + kAhead));
    for (int n = 0; n < kJobs; ++n) due.push_back(first + n * kApart);
    {
      MutexLock lock(mutex_);
      started_.assign(kJobs, absl::InfinitePast());
    }
    add(due);
    EXPECT_LT(absl::Now(), first) << "they were added too late to be measured";
    EXPECT_TRUE(Eventually([this] { return AllStarted(); }));
    std::vector<absl::Duration> late;
    {
      MutexLock lock(mutex_);
      for (int n = 0; n < kJobs; ++n) late.push_back(started_[n] - due[n]);
    }
    std::sort(late.begin(), late.end());
    EXPECT_GE(late.front(), absl::ZeroDuration()) << "one started before its time";
    const absl::Duration nine_of_ten = late[kJobs * 9 / 10];
    std::cout << "late by " << late[kJobs / 2] << " in the median, " << nine_of_ten
              << " at most of nine in ten, " << late.back() << " at most\n";
    return nine_of_ten;
  }

  bool AllStarted() {
    MutexLock lock(mutex_);
    return std::count(started_.begin(), started_.end(), absl::InfinitePast()) == 0;
  }

  Mutex mutex_;
  std::vector<absl::Time> started_ GUARDED_BY(mutex_);
  LocalExecutor executor_;
};

TEST_F(DueTimesTest, AreMetWithin50MillisecondsByJobsAddedOverGrpc) {
  ExpectStartsOnTime([&](const std::vector<absl::Time>& due) {
    std::vector<client::NewJob> jobs;
    for (int n = 0; n < kJobs; ++n) {
      jobs.push_back({.task = "work", .payload = std::to_string(n), .run_at = due[n]});
    }
    EXPECT_TRUE(server_.client().AddJobs(jobs).ok());
  });
}

TEST_F(DueTimesTest, AreMetWithin50MillisecondsByJobsAddedBySql) {
  ExpectStartsOnTime([&](const std::vector<absl::Time>& due) {
    Sql(
        absl::StrFormat("SELECT leasehold.add_job('work', to_json(n), run_at => %s + n * %s) "
                        "FROM generate_series(0, %d) AS n",
                        Quoted(due[0]), ApartInSql(), kJobs - 1));
  });
}

// They come from behind more future jobs than the server's memory holds of one task.
TEST_F(DueTimesTest, AreMetWithin50MillisecondsByJobsThatSqlMovesEarlier) {
  Sql("SELECT count(*) FROM leasehold.add_jobs(ARRAY(SELECT "
      "CAST(ROW('work', '0', NULL, now() + interval '1 hour', 25, NULL, 0, NULL) "
      "AS leasehold.job_spec) FROM generate_series(1, 10000)))");
  ExpectStartsOnTime([&](const std::vector<absl::Time>& due) {
    const pqxx::result added =
        Sql(absl::StrFormat("SELECT (leasehold.add_job('work', to_json(n), run_at => "
                            "now() + interval '2 hours')).id FROM generate_series(0, %d) AS n",
                            kJobs - 1));
    std::string ids;
    for (const auto& row : added) ids += (ids.empty() ? "" : ",") + row[0].as<std::string>();
    Sql(
        absl::StrFormat("SELECT leasehold.reschedule_jobs(ARRAY[id], run_at => %s + (n - 1) * %s) "
                        "FROM unnest(ARRAY[%s]::bigint[]) WITH ORDINALITY AS job (id, n)",
                        Quoted(due[0]), ApartInSql(), ids));
  });
}

}  // namespace
}  // namespace leasehold::testing
