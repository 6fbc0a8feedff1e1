#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

constexpr int kLanes = 4;
constexpr int kBatches = 240;
constexpr int kJobsInABatch = 3;
constexpr int kWritesBetweenKills = 30;

// Writes and more writes while PostgreSQL ends the store's connections at moments of its own: what
// was answered OK stands, what was answered kUnavailable does not, and nothing stands twice.
class KilledBackendsTest : public StoreTest {
 protected:
  void SetUp() override { StartStore(); }

  // Adds batches one after the other, and completes every other one.
  void RunLane() {
    for (;;) {
      AddJobs batch;
      {
        MutexLock lock(mu_);
        if (batches_++ >= kBatches) return;
        for (int i = 0; i < kJobsInABatch; ++i) batch.jobs.push_back(Insertable(next_id_++));
      }
      if (Written(Submit(batch).status())) Complete(batch.jobs);
    }
  }

  void Complete(const std::vector<JobToInsert>& jobs) {
    const bool completes = jobs[0].id % 2 == 0;
    RecordOutcomes outcomes;
    for (const JobToInsert& job : jobs) outcomes.completes.push_back({{1, job.id, 0, 0}});
    const bool gone = completes && Written(Submit(outcomes).status());
    MutexLock lock(mu_);
    for (const JobToInsert& job : jobs) {
      if (!gone) standing_.insert(job.id);
    }
  }

  // Whether a write was done; if not, waits until the next one can be.
  bool Written(const absl::Status& status) {
    EXPECT_TRUE(status.ok() || absl::IsUnavailable(status)) << status;
    if (!status.ok()) observer_.Await([](const auto& told) { return told.back == told.away; });
    MutexLock lock(mu_);
    if (status.ok() && ++written_ % kWritesBetweenKills == 0) {
      ++kills_wanted_;
      changed_.notify_all();
    }
    return status.ok();
  }

  // Ends some of the store's connections whenever that is wanted, until there are no more lanes.
  void KillBackends() {
    pqxx::connection connection(database_.url());
    pqxx::nontransaction transaction(connection);
    for (;;) {
      {
        MutexLock lock(mu_);
        changed_.wait(mu_, [this] { return kills_wanted_ > 0 || lanes_ == 0; });
        if (lanes_ == 0) return;
        --kills_wanted_;
      }
      transaction.exec(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
          "WHERE application_name = 'leasehold/server-1' ORDER BY random() LIMIT 3");
    }
  }

  std::set<JobId> IdsInDatabase() const {
    pqxx::connection connection(database_.url());
    std::set<JobId> ids;
    for (const auto& row :
         pqxx::nontransaction(connection).exec("SELECT id FROM leasehold.job_rows")) {
      ids.insert(row[0].as<JobId>());
    }
    return ids;
  }

  Mutex mu_;
  CondVar changed_;
  JobId next_id_ GUARDED_BY(mu_) = 1;
  int batches_ GUARDED_BY(mu_) = 0;
  int written_ GUARDED_BY(mu_) = 0;
  int kills_wanted_ GUARDED_BY(mu_) = 0;
  int lanes_ GUARDED_BY(mu_) = kLanes;
  std::set<JobId> standing_ GUARDED_BY(mu_);
};

TEST_F(KilledBackendsTest, NeitherLoseNorRepeatAWrite) {
  std::vector<std::thread> lanes;
  for (int i = 0; i < kLanes; ++i) {
    lanes.emplace_back([this] {
      RunLane();
      MutexLock lock(mu_);
      --lanes_;
      changed_.notify_all();
    });
  }
  KillBackends();
  for (std::thread& lane : lanes) lane.join();

  MutexLock lock(mu_);
  EXPECT_GT(observer_.told().away, 0);
  EXPECT_EQ(IdsInDatabase(), standing_);
}

}  // namespace
}  // namespace leasehold::testing
