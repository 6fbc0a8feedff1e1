#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/mutex.h"
#include "server/job/store_request.h"
#include "server/store/job_store.h"
#include "server/store/pg_job_store.h"
#include "server/store/pg_leadership_store.h"
#include "tests/postgres/postgres_cluster.h"

namespace leasehold::testing {

// Makes Leasehold's schema in a database: the setup of a TestDatabase.
absl::Status MakeSchema(const std::string& url);

// Counts what a store tells, and lets a test wait for it.
class RecordingObserver : public store::JobStoreObserver {
 public:
  void InboxFilled() override;
  void StoreAway() override;
  void StoreBack(uint64_t epoch) override;
  void Deposed() override;

  struct Told {
    int inbox_filled = 0;
    int away = 0;
    int back = 0;
    int deposed = 0;
    uint64_t epoch = 0;
  };
  Told told() const;
  // Waits until what was told fits; fails the test after ten seconds.
  Told Await(const std::function<bool(const Told&)>& fits);

 private:
  mutable Mutex mu_;
  CondVar changed_;
  Told told_ GUARDED_BY(mu_);
};

// A store on a database of its own, leading with epoch 1.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest();

  store::ConnectionOptions ConnectionTo(const std::string& server_id) const;

  // Takes leadership and starts the store. `options` may be changed before.
  void StartStore();

  // Submits and waits for the answer.
  absl::StatusOr<StoreAnswer> Submit(StoreRequest request);

  // The same, for the answer's own type.
  template <typename Answer>
  absl::StatusOr<Answer> Ask(StoreRequest request) {
    auto answer = Submit(std::move(request));
    if (!answer.ok()) return answer.status();
    return std::get<Answer>(*std::move(answer));
  }

  // Runs SQL as somebody else, on a connection of its own, and returns the first field as text.
  std::string Sql(const std::string& sql) const;
  int64_t Count(const std::string& table_and_condition) const;

  // A job with this id that runs now.
  static JobToInsert Insertable(JobId id, NewJob job = {.task = "mail"});
  // The ids of jobs added without keys.
  std::vector<JobId> Add(int count, NewJob job = {.task = "mail"});
  // Those jobs as they stand.
  std::vector<RankedJob> Ranked(std::vector<JobId> ids);
  // Leases them all in one row; returns their tokens in the order of `ids`.
  std::vector<LeaseToken> Lease(std::vector<JobId> ids, int64_t row_number = 1);

  static LeaseRow RowFor(const std::vector<RankedJob>& jobs, int64_t row_number);
  static RecordOutcomes::Update FailureOf(const LeaseToken& token);

  TestDatabase database_{MakeSchema};
  RecordingObserver observer_;
  store::PgJobStoreOptions options_;
  std::unique_ptr<store::LeadershipStore> leadership_;
  std::unique_ptr<store::PgJobStore> store_;
};

}  // namespace leasehold::testing
