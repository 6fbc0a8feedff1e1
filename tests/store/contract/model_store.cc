#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "absl/time/clock.h"
#include "tests/queue/support/fake_store.h"
#include "tests/queue/support/sql_callers.h"
#include "tests/queue/support/tables.h"
#include "tests/store/contract/store_under_test.h"

namespace leasehold::testing {
namespace {

using fake::Snapshot;

class ModelStore : public StoreUnderTest {
 public:
  ~ModelStore() override { EXPECT_THAT(tables_.violations, ::testing::IsEmpty()); }

  void Lead(const std::string& server) override {
    stores_.try_emplace(server, tables_).first->second.Lead();
  }

  absl::StatusOr<StoreAnswer> Submit(const std::string& server, StoreRequest request) override {
    fake::FakeStore& store = stores_.at(server);
    store.Submit(1, std::move(request));
    fake::FakeStore::Pending answered = store.Next(absl::Now()).value();
    if (!answered.status.ok()) return answered.status;
    return std::move(answered.answer);
  }

  std::optional<Job> Find(JobId id) override {
    const Job* job = tables_.FindJob(id);
    return job == nullptr ? std::nullopt : std::make_optional(*job);
  }

  JobId AddBySql(const NewJob& job) override {
    return fake::AddBySql(tables_, job, absl::Now(), TakeView());
  }
  void RemoveBySql(const std::string& key) override { fake::RemoveBySql(tables_, key); }
  void CompleteBySql(JobId id) override { fake::CompleteBySql(tables_, id, TakeView()); }
  void FailBySql(JobId id) override { fake::FailBySql(tables_, id, TakeView()); }
  void RescheduleBySql(JobId id, absl::Time run_at) override {
    fake::RescheduleBySql(tables_, id, run_at, TakeView());
  }
  void ReviveBySql(JobId id, absl::Time run_at) override {
    fake::ReviveBySql(tables_, id, run_at, TakeView());
  }
  void UnlockBySql(const std::string& executor_id) override {
    fake::UnlockBySql(tables_, executor_id);
  }
  void TakeSnapshot() override { view_ = Snapshot::kMissesLeases; }

  void Lock(std::set<JobId> ids) override { tables_.locked = std::move(ids); }

 private:
  Snapshot TakeView() { return std::exchange(view_, Snapshot::kSeesLeases); }

  fake::Tables tables_;
  std::map<std::string, fake::FakeStore> stores_;
  Snapshot view_ = Snapshot::kSeesLeases;
};

}  // namespace

std::unique_ptr<StoreUnderTest> MakeModelStore() { return std::make_unique<ModelStore>(); }

}  // namespace leasehold::testing
