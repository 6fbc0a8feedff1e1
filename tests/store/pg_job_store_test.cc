#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "server/base/errors.h"
#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

using store::FaultPoint;

// Holds every statement of one name until it is opened, and then cuts the first ones.
class Gate {
 public:
  explicit Gate(std::string statement) : statement_(std::move(statement)) {}

  bool Pass(std::string_view statement, FaultPoint point) {
    MutexLock lock(mu_);
    if (statement != statement_ || point != FaultPoint::kBeforeStatement) return false;
    ++held_;
    changed_.notify_all();
    changed_.wait(mu_, [this] { return open_; });
    --held_;
    return cuts_-- > 0;
  }
  void AwaitHeld(int count) {
    MutexLock lock(mu_);
    changed_.wait(mu_, [&] { return held_ >= count; });
  }
  int held() {
    MutexLock lock(mu_);
    return held_;
  }
  void Open(int cuts = 0) {
    MutexLock lock(mu_);
    open_ = true;
    cuts_ = cuts;
    changed_.notify_all();
  }

 private:
  const std::string statement_;
  Mutex mu_;
  CondVar changed_;
  int held_ GUARDED_BY(mu_) = 0;
  bool open_ GUARDED_BY(mu_) = false;
  int cuts_ GUARDED_BY(mu_) = 0;
};

class PgJobStoreTest : public StoreTest {
 protected:
  void StartWithGate(const std::string& statement, int connections) {
    gate_.emplace(statement);
    options_.connections = connections;
    options_.connection.fault = [this](std::string_view name, FaultPoint point) {
      return gate_->Pass(name, point);
    };
    StartStore();
  }

  std::future<absl::Status> SubmitLater(StoreRequest request) {
    auto promise = std::make_shared<std::promise<absl::Status>>();
    store_->Submit(std::move(request), [promise](absl::Status status, const StoreAnswer&) {
      promise->set_value(std::move(status));
    });
    return promise->get_future();
  }

  std::future<absl::Status> ListLater() {
    auto promise = std::make_shared<std::promise<absl::Status>>();
    store_->ListJobs({}, [promise](const auto& jobs) { promise->set_value(jobs.status()); });
    return promise->get_future();
  }

  std::optional<Gate> gate_;
};

TEST_F(PgJobStoreTest, SaysWhyItCannotStart) {
  options_.connection.database_url = "postgresql:///nowhere?host=/nonexistent";
  store_ = std::make_unique<store::PgJobStore>(options_, observer_);

  EXPECT_EQ(store_->Start(1).code(), absl::StatusCode::kUnavailable);
}

TEST_F(PgJobStoreTest, KeepsAConnectionFreeOfSlowReads) {
  StartWithGate("list_jobs", 2);
  std::future<absl::Status> first = ListLater();
  std::future<absl::Status> second = ListLater();
  gate_->AwaitHeld(1);

  Add(1);

  EXPECT_EQ(gate_->held(), 1);
  gate_->Open();
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
}

TEST_F(PgJobStoreTest, AnswersWhatWaitsWhenTheDatabaseGoesAway) {
  StartWithGate("add_like_jobs", 1);
  std::future<absl::Status> in_doubt = SubmitLater(AddJobs{{Insertable(1)}, {}, {}});
  gate_->AwaitHeld(1);
  std::future<absl::Status> waiting = SubmitLater(AddJobs{{Insertable(2)}, {}, {}});

  gate_->Open(/*cuts=*/1000);

  EXPECT_EQ(ReasonOf(waiting.get()), "DATABASE_AWAY");
  observer_.Await([](const auto& told) { return told.away == 1; });
  store_->Stop();
  EXPECT_EQ(ReasonOf(in_doubt.get()), "DATABASE_AWAY");
}

TEST_F(PgJobStoreTest, ComesBackThoughItIsAskedAllTheTime) {
  StartWithGate("add_like_jobs", 1);
  std::future<absl::Status> in_doubt = SubmitLater(AddJobs{{Insertable(1)}, {}, {}});
  gate_->AwaitHeld(1);
  std::promise<void> served;
  std::function<void()> ask = [&] {
    store_->Submit(ReadJobs{{1}}, [&](const absl::Status& status, const StoreAnswer&) {
      status.ok() ? served.set_value() : ask();
    });
  };

  ask();
  gate_->Open(/*cuts=*/1);

  served.get_future().get();
  EXPECT_TRUE(in_doubt.get().ok());
}

TEST_F(PgJobStoreTest, AnswersEverythingBeforeItHasStopped) {
  StartWithGate("add_like_jobs", 1);
  std::future<absl::Status> running = SubmitLater(AddJobs{{Insertable(1)}, {}, {}});
  gate_->AwaitHeld(1);
  std::future<absl::Status> waiting = SubmitLater(AddJobs{{Insertable(2)}, {}, {}});

  std::future<void> stopped = std::async(std::launch::async, [this] { store_->Stop(); });
  while (SubmitLater(ReadJobs{}).wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
  }
  gate_->Open();
  stopped.get();

  EXPECT_TRUE(running.get().ok());
  EXPECT_EQ(ReasonOf(waiting.get()), "DATABASE_AWAY");
  EXPECT_EQ(ReasonOf(SubmitLater(ReadJobs{}).get()), "DATABASE_AWAY");
}

TEST_F(PgJobStoreTest, TellsHowEachStatementRan) {
  std::promise<absl::Status> ran;
  options_.connection.statement_ran = [&](std::string_view name, absl::Duration took,
                                          const absl::Status& status) {
    if (name != "add_like_jobs") return;
    EXPECT_GT(took, absl::ZeroDuration());
    ran.set_value(status);
  };
  StartStore();

  Submit(AddJobs{{Insertable(1, {.task = ""})}, {}, {}}).IgnoreError();

  EXPECT_EQ(ran.get_future().get().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PgJobStoreTest, IsDeposedWhenAnotherServerRaisesTheEpoch) {
  StartStore();
  auto other = store::PgLeadershipStore::Connect(ConnectionTo("server-2"));
  ASSERT_EQ(other.value()->TakeOver(1).value(), 2);

  EXPECT_EQ(Submit(AddJobs{{Insertable(1)}, {}, {}}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  observer_.Await([](const auto& told) { return told.deposed == 1; });
  EXPECT_EQ(Submit(ReadJobs{}).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(ListLater().get()), "NO_LEADER");

  EXPECT_EQ(Count("job_rows"), 0);
  EXPECT_EQ(observer_.told().deposed, 1);
}

TEST_F(PgJobStoreTest, LetsNoWriteOfADeposedLeaderPass) {
  const std::vector<std::pair<std::string, StoreRequest>> writes = {
      {"add_jobs", AddJobs{{Insertable(50), Insertable(51, {.task = "other"})}, {}, {}}},
      {"add_like_jobs", AddJobs{{Insertable(50)}, {}, {}}},
      {"add_keyed_jobs", AddKeyedJobs{{{.task = "mail", .key = "k"}}, absl::UnixEpoch(), {}}},
      {"remove_job", RemoveJob{"present", {}}},
      {"lease_jobs", LeaseJobs{{}, {1, {}}, false}},
      {"lease_jobs", LeaseJobs{{}, {1, {}}, true}},
      {"record_completions", RecordOutcomes{{{{1, 100, 0, 0}}}, {}, {}}},
      {"lease_window", LeaseWindow{"mail", 0, {}, {}, absl::Now(), {1, {{{1, 0, 0, 0}, 7}}}}},
      {"record_outcomes", RecordOutcomes{{}, {FailureOf({1, 100, 0, 0})}, {}}},
      {"write_missing_leases", WriteMissingLeases{{{1, {{{1, 1, 0, 0}, 7}}}}}},
      {"open_session", OpenSession{{7, "s", "e", "host", {}}}},
      {"end_sessions", EndSessions{{1}}},
      {"delete_inbox", DeleteInbox{{1}}},
  };
  Sql("INSERT INTO leasehold.job_rows (id, task, job_key) VALUES (100, 'mail', 'present')");
  Sql("INSERT INTO leasehold.inbox (job_id) VALUES (1)");
  Sql("INSERT INTO leasehold.executors VALUES (1, 's1', 'e1', 'host', '{}')");
  Sql("UPDATE leasehold.leadership SET epoch = 2, server_id = 'server-2'");

  for (const auto& [statement, write] : writes) {
    store_ = std::make_unique<store::PgJobStore>(options_, observer_);
    ASSERT_TRUE(store_->Start(1).ok());
    EXPECT_EQ(Submit(write).status().code(), absl::StatusCode::kFailedPrecondition) << statement;
  }

  EXPECT_EQ(Count("job_rows WHERE activation = 0 AND attempts = 0"), 1);
  EXPECT_EQ(Count("inbox"), 1);
  EXPECT_EQ(Count("executors"), 1);
  EXPECT_EQ(Count("leases"), 0);
  EXPECT_EQ(Count("journal"), 0);
}

TEST_F(PgJobStoreTest, DoesNotComeBackWhenAnotherServerTookOverMeanwhile) {
  StartWithGate("add_like_jobs", 2);
  std::future<absl::Status> in_doubt = SubmitLater(AddJobs{{Insertable(1)}, {}, {}});
  gate_->AwaitHeld(1);
  auto other = store::PgLeadershipStore::Connect(ConnectionTo("server-2"));
  ASSERT_TRUE(other.value()->TakeOver(1).ok());

  gate_->Open(/*cuts=*/1);

  EXPECT_EQ(in_doubt.get().code(), absl::StatusCode::kFailedPrecondition);
  observer_.Await([](const auto& told) { return told.deposed == 1; });
  EXPECT_EQ(observer_.told().back, 0);
  EXPECT_EQ(Count("job_rows"), 0);
}

}  // namespace
}  // namespace leasehold::testing
