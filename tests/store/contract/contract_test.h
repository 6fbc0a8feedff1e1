#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/job/store_request.h"
#include "tests/store/contract/store_under_test.h"

namespace leasehold::testing {

// Jobs are due from this moment on if a test does not say otherwise.
inline const absl::Time kThen = absl::FromUnixMicros(1'700'000'000'123'456);

struct StoreKind {
  const char* name;
  std::unique_ptr<StoreUnderTest> (*make)();
};

// What a store does for the queue, as server/job/store_request.h says: each test runs on the model
// and on PostgreSQL. The server "one" leads.
class ContractTest : public ::testing::TestWithParam<StoreKind> {
 protected:
  ContractTest();

  // Asks the store of the server that leads, for the answer's own type.
  template <typename Answer>
  absl::StatusOr<Answer> Ask(StoreRequest request) {
    auto answer = store_->Submit(leader_, std::move(request));
    if (!answer.ok()) return answer.status();
    return std::get<Answer>(*std::move(answer));
  }
  void Lead(const std::string& server);

  // ---- jobs
  // Ids that nobody has.
  std::vector<JobId> ReserveIds(int count) {
    return Ask<ReserveJobIdsAnswer>(ReserveJobIds{count}).value().ids;
  }
  // The ids of jobs added in one request, in order, each under a fresh id.
  std::vector<JobId> AddAll(std::vector<NewJob> jobs);
  JobId Add(NewJob job = {.task = "mail"}) { return AddAll(std::vector{std::move(job)}).front(); }
  std::vector<JobId> AddMany(int count, NewJob job = {.task = "mail"});
  // Jobs of this task that are born leased in the row `row`.
  std::vector<LeaseToken> AddBornLeased(int count, int64_t row, const std::string& task = "mail");
  absl::StatusOr<AddKeyedJobsAnswer> AddKeyed(std::vector<NewJob> jobs);
  // Those jobs as they stand, in the order of `ids`; what is gone is left out.
  std::vector<RankedJob> Ranked(const std::vector<JobId>& ids);
  Job Find(JobId id) { return store_->Find(id).value(); }
  bool Exists(JobId id) { return store_->Find(id).has_value(); }

  // ---- leases, in the name of session 7
  static Lease LeaseOf(const RankedJob& job, int64_t row);
  static LeaseRow RowFor(const std::vector<RankedJob>& jobs, int64_t row);
  static LeaseJobs LeaseRequest(const std::vector<RankedJob>& jobs, int64_t row);
  // The ids that one request leases, ascending.
  std::vector<JobId> TryLease(const std::vector<RankedJob>& jobs, int64_t row);
  // Leases all of them; their tokens in order.
  std::vector<LeaseToken> LeaseAll(const std::vector<JobId>& ids, int64_t row = 1);
  LoadLeadershipAnswer Load() { return Ask<LoadLeadershipAnswer>(LoadLeadership()).value(); }
  // The jobs whose live leases stand in that row, ascending.
  std::vector<JobId> LiveIn(int64_t row);
  // The numbers of all lease rows, ascending.
  std::vector<int64_t> LeaseRows();

  // ---- outcomes
  static RecordOutcomes::Update FailureOf(const LeaseToken& token);
  static RecordOutcomes::Update ReleaseOf(const LeaseToken& token);
  RecordOutcomesAnswer Record(RecordOutcomes request) {
    return Ask<RecordOutcomesAnswer>(std::move(request)).value();
  }

  // ---- the order of work
  // The jobs of that task and priority in the order of work.
  std::vector<JobId> InOrder(const std::string& task = "mail", int priority = 0);
  // The jobs that the inbox tells of, each once, ascending; empties it.
  std::vector<JobId> TakeInbox();

  const std::unique_ptr<StoreUnderTest> store_;

 private:
  std::string leader_;
};

// The ids of jobs, in their order.
template <typename Jobs>
std::vector<JobId> IdsOf(const Jobs& jobs) {
  std::vector<JobId> ids;
  for (const auto& job : jobs) ids.push_back(job.id);
  return ids;
}

RequestKey KeyOf(uint8_t id, uint8_t body);

// Runs the tests of a suite on both stores.
#define LEASEHOLD_STORE_CONTRACT(suite)                                                            \
  INSTANTIATE_TEST_SUITE_P(                                                                        \
      Contract, suite,                                                                             \
      ::testing::Values(StoreKind{"Model", MakeModelStore}, StoreKind{"PostgreSQL", MakePgStore}), \
      [](const auto& info) { return std::string(info.param.name); })

}  // namespace leasehold::testing
