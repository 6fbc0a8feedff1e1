#include "tests/store/contract/contract_test.h"

#include <algorithm>
#include <map>

namespace leasehold::testing {

RequestKey KeyOf(uint8_t id, uint8_t body) {
  RequestKey key;
  key.id.fill(id);
  key.body.fill(body);
  return key;
}

ContractTest::ContractTest() : store_(GetParam().make()) { Lead("one"); }

void ContractTest::Lead(const std::string& server) {
  store_->Lead(server);
  leader_ = server;
}

std::vector<JobId> ContractTest::AddAll(std::vector<NewJob> jobs) {
  const int count = static_cast<int>(jobs.size());
  const auto ids = ReserveIds(count);
  AddJobs batch;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const absl::Time run_at = jobs[i].run_at.value_or(kThen);
    batch.jobs.push_back({ids[i], std::move(jobs[i]), run_at});
  }
  const auto added = Ask<AddJobsAnswer>(std::move(batch));
  EXPECT_TRUE(added.ok()) << added.status();
  return ids;
}

std::vector<JobId> ContractTest::AddMany(int count, NewJob job) {
  return AddAll(std::vector<NewJob>(static_cast<size_t>(count), std::move(job)));
}

std::vector<LeaseToken> ContractTest::AddBornLeased(int count, int64_t row,
                                                    const std::string& task) {
  AddJobs batch;
  batch.leases = LeaseRow{row, {}};
  std::vector<LeaseToken> tokens;
  for (const JobId id : ReserveIds(count)) {
    batch.jobs.push_back({id, {.task = task}, kThen, /*born_leased=*/true});
    RankedJob job;
    job.id = id;
    batch.leases->leases.push_back(LeaseOf(job, row));
    tokens.push_back(batch.leases->leases.back().token);
  }
  const auto added = Ask<AddJobsAnswer>(std::move(batch));
  EXPECT_TRUE(added.ok()) << added.status();
  return tokens;
}

absl::StatusOr<AddKeyedJobsAnswer> ContractTest::AddKeyed(std::vector<NewJob> jobs) {
  return Ask<AddKeyedJobsAnswer>(AddKeyedJobs{std::move(jobs), kThen, std::nullopt});
}

std::vector<RankedJob> ContractTest::Ranked(const std::vector<JobId>& ids) {
  std::map<JobId, RankedJob> by_id;
  const auto read = Ask<ReadJobsAnswer>(ReadJobs{ids});
  for (const RankedJob& job : read.value().jobs) by_id[job.id] = job;
  std::vector<RankedJob> jobs;
  for (const JobId id : ids) {
    if (by_id.contains(id)) jobs.push_back(by_id[id]);
  }
  return jobs;
}

Lease ContractTest::LeaseOf(const RankedJob& job, int64_t row) {
  const uint64_t fencing_number = static_cast<uint64_t>(row) << 32 | static_cast<uint64_t>(job.id);
  return {{fencing_number, job.id, job.activation, 0xfeedfacecafef00d}, 7};
}

LeaseRow ContractTest::RowFor(const std::vector<RankedJob>& jobs, int64_t row) {
  LeaseRow leases = {row, {}};
  for (const RankedJob& job : jobs) leases.leases.push_back(LeaseOf(job, row));
  return leases;
}

LeaseJobs ContractTest::LeaseRequest(const std::vector<RankedJob>& jobs, int64_t row) {
  LeaseJobs request;
  request.jobs = jobs;
  request.leases = RowFor(jobs, row);
  request.durable = true;
  return request;
}

std::vector<JobId> ContractTest::TryLease(const std::vector<RankedJob>& jobs, int64_t row) {
  std::vector<JobId> ids = IdsOf(Ask<LeaseJobsAnswer>(LeaseRequest(jobs, row)).value().leased);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<LeaseToken> ContractTest::LeaseAll(const std::vector<JobId>& ids, int64_t row) {
  const LeaseJobs request = LeaseRequest(Ranked(ids), row);
  std::vector<LeaseToken> tokens;
  for (const Lease& lease : request.leases.leases) tokens.push_back(lease.token);
  EXPECT_EQ(Ask<LeaseJobsAnswer>(request).value().leased.size(), ids.size());
  return tokens;
}

std::vector<JobId> ContractTest::LiveIn(int64_t row) {
  std::vector<JobId> ids;
  for (const auto& held : Load().leases) {
    if (held.row == row) ids.push_back(held.job.id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<int64_t> ContractTest::LeaseRows() {
  const LoadLeadershipAnswer loaded = Load();
  std::set<int64_t> rows(loaded.dead_lease_rows.begin(), loaded.dead_lease_rows.end());
  for (const auto& held : loaded.leases) rows.insert(held.row);
  return {rows.begin(), rows.end()};
}

RecordOutcomes::Update ContractTest::FailureOf(const LeaseToken& token) {
  RecordOutcomes::Update update;
  update.token = token;
  update.attempts = 1;
  update.run_at = kThen + absl::Minutes(1);
  update.error = "it broke";
  return update;
}

RecordOutcomes::Update ContractTest::ReleaseOf(const LeaseToken& token) {
  RecordOutcomes::Update update;
  update.token = token;
  update.kind = OutcomeKind::kRelease;
  update.run_at = kThen;
  return update;
}

std::vector<JobId> ContractTest::InOrder(const std::string& task, int priority) {
  const ReadWindows request{{{.task = task, .priority = priority, .limit = 100}}};
  return IdsOf(Ask<ReadWindowsAnswer>(request).value().pages.at(0).jobs);
}

std::vector<JobId> ContractTest::TakeInbox() {
  ReadInboxAnswer inbox = Ask<ReadInboxAnswer>(ReadInbox{100}).value();
  EXPECT_TRUE(Ask<DeleteInboxAnswer>(DeleteInbox{inbox.inbox_ids}).ok());
  std::sort(inbox.job_ids.begin(), inbox.job_ids.end());
  return inbox.job_ids;
}

}  // namespace leasehold::testing
