#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/load.h"
#include "tests/end_to_end/raw_session.h"

// What is promised of a lease's end when several want to bring it about.
namespace leasehold::testing {
namespace {

// Sessions whose connection is not cut live as long as the test; jobs that were swept wait.
class RacingOutcomesTest : public EndToEndTest {
 protected:
  RacingOutcomesTest()
      : EndToEndTest({"--session-timeout=1m", "--recovery-delay=5m"}), caller_(server_.address()) {
    AuditJobs(database_.url());
  }

  // Jobs that a session of its own holds.
  std::vector<v1::LeasedJob> Lease(int count) {
    std::vector<client::NewJob> jobs(static_cast<size_t>(count), {.task = "work"});
    EXPECT_TRUE(server_.client().AddJobs(jobs).ok());
    session_ = std::make_unique<RawSession>(caller_, "raw", count);
    return session_->Take(static_cast<size_t>(count));
  }

  static void ExpectLost(const grpc::Status& answer) {
    EXPECT_TRUE(IsLeaseLost(answer)) << answer.error_code() << ' ' << answer.error_message();
  }

  std::string Sql(const std::string& sql) const {
    pqxx::connection connection(database_.url());
    return pqxx::nontransaction(connection).exec1(sql)[0].c_str();
  }
  int Deleted() const {
    return std::stoi(Sql("SELECT count(*) FROM public.audit WHERE what = 'DELETE'"));
  }

  // Runs `act(i)` in `count` threads at once, each with a connection of its own.
  void AtOnce(size_t count, const std::function<void(size_t, RawCaller&)>& act) {
    std::vector<std::unique_ptr<RawCaller>> callers;
    for (size_t i = 0; i < count; ++i) {
      callers.push_back(std::make_unique<RawCaller>(server_.address()));
    }
    std::vector<std::thread> threads;
    for (size_t i = 0; i < count; ++i) {
      threads.emplace_back([&, i] { act(i, *callers[i]); });
    }
    for (std::thread& thread : threads) thread.join();
  }

  RawCaller caller_;
  std::unique_ptr<RawSession> session_;
};

TEST_F(RacingOutcomesTest, AnswersOkToEachOfAHundredCompletionsOfOneLeaseAndRecordsOne) {
  const std::string token = Lease(1)[0].lease_token();
  std::vector<grpc::Status> answers(100);

  AtOnce(answers.size(), [&](size_t i, RawCaller& caller) { answers[i] = caller.Complete(token); });

  for (const grpc::Status& answer : answers) EXPECT_TRUE(answer.ok()) << answer.error_message();
  EXPECT_EQ(Deleted(), 1);
  ExpectTotal(&client::Stats::completed_total, 1);
  ExpectTotal(&client::Stats::lease_lost_total, 0);
}

TEST_F(RacingOutcomesTest, LetsOneOfACompletionAndAFailureWinAndTellsTheOther) {
  const std::vector<v1::LeasedJob> jobs = Lease(200);
  std::vector<grpc::Status> completed(jobs.size());
  std::vector<grpc::Status> failed(jobs.size());

  AtOnce(2, [&](size_t who, RawCaller& caller) {
    for (size_t i = 0; i < jobs.size(); ++i) {
      auto& answers = who == 0 ? completed : failed;
      const std::string& token = jobs[i].lease_token();
      answers[i] = who == 0 ? caller.Complete(token) : caller.Fail(token);
    }
  });

  int completions = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    EXPECT_NE(completed[i].ok(), failed[i].ok()) << "job " << jobs[i].id();
    EXPECT_TRUE(IsLeaseLost(completed[i].ok() ? failed[i] : completed[i]));
    completions += completed[i].ok();
    EXPECT_EQ(
        Sql("SELECT count(*) FROM leasehold.job_rows WHERE attempts = 1 AND id = " + jobs[i].id()),
        completed[i].ok() ? "0" : "1");
  }
  std::cout << completions << " of " << jobs.size() << " were completed\n";
  EXPECT_EQ(Deleted(), completions);
}

TEST_F(RacingOutcomesTest, AnswersLeaseLostToEveryOutcomeAfterASweep) {
  const std::vector<v1::LeasedJob> jobs = Lease(2);
  session_->Cut();
  ExpectTotal(&client::Stats::swept_total, 2);

  for (int server = 0; server < 2; ++server) {
    RawCaller caller(server_.address());
    for (int time = 0; time < 2; ++time) {
      ExpectLost(caller.Complete(jobs[0].lease_token()));
      ExpectLost(caller.Fail(jobs[1].lease_token()));
      ExpectLost(caller.Fail(jobs[0].lease_token()));
    }
    if (server > 0) continue;
    ASSERT_EQ(server_.Stop(), Exit{});
    server_.Restart();
  }
  EXPECT_EQ(Deleted(), 0);
  EXPECT_EQ(Sql("SELECT max(attempts) || ' ' || max(activation) FROM leasehold.job_rows"), "0 1");
}

// Completions come one after the other, slowly, until the sweep takes the rest.
TEST_F(RacingOutcomesTest, EndsEachLeaseEitherByItsCompletionOrByTheSweep) {
  ASSERT_EQ(server_.Stop(), Exit{});
  server_.Plant("store.record_completions.before:1:1:sleep=5ms");
  server_.Restart();
  caller_ = RawCaller(server_.address());
  const std::vector<v1::LeasedJob> jobs = Lease(10'000);
  std::vector<grpc::Status> answers(jobs.size());
  std::atomic<size_t> next = 0;
  std::atomic<int> lost = 0;
  session_->Cut();

  AtOnce(4, [&](size_t, RawCaller& caller) {
    while (lost < 100) {
      const size_t i = next++;
      if (i >= jobs.size()) return;
      answers[i] = caller.Complete(jobs[i].lease_token());
      lost += IsLeaseLost(answers[i]);
    }
  });

  const size_t reported = std::min<size_t>(next, jobs.size());
  int completed = 0;
  for (size_t i = 0; i < reported; ++i) {
    ASSERT_TRUE(answers[i].ok() || IsLeaseLost(answers[i])) << answers[i].error_message();
    completed += answers[i].ok();
  }
  ASSERT_GT(completed, 0);
  ASSERT_GE(lost, 100);
  const int swept = static_cast<int>(jobs.size()) - completed;
  ExpectTotal(&client::Stats::swept_total, swept);
  ExpectTotal(&client::Stats::completed_total, completed);
  EXPECT_EQ(Deleted(), completed);
  EXPECT_EQ(Sql("SELECT count(*) FROM leasehold.job_rows WHERE activation = 1"),
            std::to_string(swept));
  std::cout << completed << " leases were completed, " << swept << " were swept\n";
}

}  // namespace
}  // namespace leasehold::testing
