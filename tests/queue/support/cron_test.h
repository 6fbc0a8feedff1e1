#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/queue/support/queue_test.h"

namespace leasehold::fake {

// A cron said in one line: ACron("c").At("0 * * * *").Fill(absl::Hours(1)). Its task is "t".
class ACron {
 public:
  explicit ACron(std::string identifier = "c") {
    spec_.identifier = std::move(identifier);
    spec_.task = "t";
    spec_.schedule = "* * * * *";
  }
  ACron&& At(std::string schedule) && {
    return spec_.schedule = std::move(schedule), std::move(*this);
  }
  ACron&& Fill(absl::Duration fill) && { return spec_.fill = fill, std::move(*this); }
  ACron&& Payload(std::string json) && { return spec_.payload = std::move(json), std::move(*this); }
  ACron&& Key(std::string key) && { return spec_.key = std::move(key), std::move(*this); }
  operator CronEntry() && {  // NOLINT(google-explicit-constructor)
    return CheckCron(std::move(spec_)).value();
  }

 private:
  CronSpec spec_;
};

// A leading queue whose clock stands 20 seconds after a whole minute, kStart.
class CronQueueTest : public QueueTest {
 protected:
  static constexpr int kBatch = 7;
  const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000 - 20);

  CronQueueTest() : QueueTest(Options()) {}

  // The crontab file has these entries now.
  void ReadFile(std::vector<CronEntry> entries) {
    queue_.Apply(queue::CrontabRead{std::move(entries)});
    queue_.Settle();
  }
  void Move(absl::Duration by) { ASSERT_NE(queue_.MoveClock(by), nullptr) << "not answered"; }
  // Nobody leads for that time.
  void LeadAgainAfter(absl::Duration time) {
    queue_.Depose();
    Advance(time);
    queue_.Lead();
  }
  absl::StatusOr<queue::CronsChanged> Change(queue::CronChange change) {
    const queue::CallId call = queue_.ChangeCrons(std::move(change));
    queue_.Settle();
    return AnswerTo(call);
  }
  absl::StatusOr<queue::CronsChanged> Put(CronEntry entry) {
    return Change({.kind = queue::CronChange::Kind::kPut, .entries = {std::move(entry)}});
  }
  absl::StatusOr<queue::CronsChanged> Ask(queue::CronChange::Kind kind,
                                          const std::string& identifier = "c") {
    return Change({.kind = kind, .identifier = identifier});
  }
  absl::StatusOr<queue::CronsChanged> AnswerTo(queue::CallId call) {
    const auto* answer = queue_.Crons(call);
    return answer == nullptr ? absl::UnknownError("not answered") : *answer;
  }
  std::vector<queue::CronInfo> List(const std::string& after = "", int limit = 1000) {
    const queue::CallId call = queue_.ListCrons(after, limit);
    queue_.Settle();
    return AnswerTo(call).value().crons;
  }
  queue::CronInfo Info() { return List().at(0); }

  // The minutes from kStart until the ticks of a cron that added jobs.
  std::vector<int> Minutes(const std::string& cron = "c") {
    std::vector<int> minutes;
    for (const auto& [tick, times] : tables_.ticks) {
      if (tick.first != cron) continue;
      minutes.push_back(static_cast<int>((tick.second - kStart) / absl::Minutes(1)));
    }
    return minutes;
  }
  // The times of all jobs, in the order in which they were added.
  std::vector<absl::Time> RunAts() {
    std::vector<absl::Time> times;
    for (const auto& [id, job] : tables_.jobs) times.push_back(job.run_at);
    return times;
  }
  const Job& LastJob() { return tables_.jobs.rbegin()->second; }
  int Backfilled() {
    int count = 0;
    for (const auto& [id, job] : tables_.jobs) {
      count += job.payload.find(R"("backfilled":true)") != std::string::npos ? 1 : 0;
    }
    return count;
  }

 private:
  static queue::QueueOptions Options() {
    queue::QueueOptions options;
    options.clock_may_move = true;
    options.cron_batch = kBatch;
    return options;
  }
};

}  // namespace leasehold::fake
