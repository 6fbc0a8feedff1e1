#include "tests/store/store_fixture.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <stdexcept>

#include "server/store/migrator/migrator.h"

namespace leasehold::testing {

absl::Status MakeSchema(const std::string& url) { return store::Migrate(url).status(); }

void RecordingObserver::InboxFilled() {
  MutexLock lock(mu_);
  ++told_.inbox_filled;
  changed_.notify_all();
}

void RecordingObserver::StoreAway() {
  MutexLock lock(mu_);
  ++told_.away;
  changed_.notify_all();
}

void RecordingObserver::StoreBack(uint64_t epoch) {
  MutexLock lock(mu_);
  ++told_.back;
  told_.epoch = epoch;
  changed_.notify_all();
}

void RecordingObserver::Deposed() {
  MutexLock lock(mu_);
  ++told_.deposed;
  changed_.notify_all();
}

RecordingObserver::Told RecordingObserver::told() const {
  MutexLock lock(mu_);
  return told_;
}

RecordingObserver::Told RecordingObserver::Await(const std::function<bool(const Told&)>& fits) {
  MutexLock lock(mu_);
  if (!changed_.wait_for(mu_, std::chrono::seconds(10), [&] { return fits(told_); })) {
    ADD_FAILURE() << "the store did not tell what was waited for";
  }
  return told_;
}

StoreTest::StoreTest() {
  options_.connection = ConnectionTo("server-1");
  options_.inbox_poll_interval = absl::Hours(1);
}

store::ConnectionOptions StoreTest::ConnectionTo(const std::string& server_id) const {
  store::ConnectionOptions options;
  options.database_url = database_.url();
  options.server_id = server_id;
  return options;
}

void StoreTest::StartStore() {
  auto leadership = store::PgLeadershipStore::Connect(ConnectionTo(options_.connection.server_id));
  ASSERT_TRUE(leadership.ok()) << leadership.status();
  leadership_ = *std::move(leadership);
  const auto epoch = leadership_->TakeOver(0);
  ASSERT_TRUE(epoch.ok()) << epoch.status();
  store_ = std::make_unique<store::PgJobStore>(options_, observer_);
  const absl::Status started = store_->Start(*epoch);
  ASSERT_TRUE(started.ok()) << started;
}

absl::StatusOr<StoreAnswer> StoreTest::Submit(StoreRequest request) {
  std::promise<absl::StatusOr<StoreAnswer>> promise;
  auto future = promise.get_future();
  store_->Submit(std::move(request), [&promise](absl::Status status, StoreAnswer answer) {
    if (status.ok()) {
      promise.set_value(std::move(answer));
    } else {
      promise.set_value(status);
    }
  });
  return future.get();
}

std::string StoreTest::Sql(const std::string& sql) const {
  pqxx::connection connection(database_.url());
  const pqxx::result result = pqxx::nontransaction(connection).exec(sql);
  return result.empty() ? "" : result[0][0].c_str();
}

int64_t StoreTest::Count(const std::string& table_and_condition) const {
  return std::stoll(Sql("SELECT count(*) FROM leasehold." + table_and_condition));
}

JobToInsert StoreTest::Insertable(JobId id, NewJob job) {
  return {id, std::move(job), absl::FromUnixMicros(1'700'000'000'123'456)};
}

std::vector<JobId> StoreTest::Add(int count, NewJob job) {
  const auto reserved = Ask<ReserveJobIdsAnswer>(ReserveJobIds{count});
  AddJobs batch;
  for (JobId id : reserved.value().ids) batch.jobs.push_back(Insertable(id, job));
  const auto added = Ask<AddJobsAnswer>(std::move(batch));
  EXPECT_TRUE(added.ok()) << added.status();
  return reserved->ids;
}

std::vector<RankedJob> StoreTest::Ranked(std::vector<JobId> ids) {
  const auto answer = Ask<ReadJobsAnswer>(ReadJobs{ids});
  std::map<JobId, RankedJob> by_id;
  for (const RankedJob& job : answer.value().jobs) by_id[job.id] = job;
  std::vector<RankedJob> jobs;
  for (JobId id : ids) {
    if (by_id.contains(id)) jobs.push_back(by_id[id]);
  }
  return jobs;
}

LeaseRow StoreTest::RowFor(const std::vector<RankedJob>& jobs, int64_t row_number) {
  LeaseRow row = {row_number, {}};
  for (const RankedJob& job : jobs) {
    const uint64_t fencing_number = static_cast<uint64_t>(row_number) << 32 | job.id;
    row.leases.push_back({{fencing_number, job.id, job.activation, 0xfeedfacecafef00d}, 7});
  }
  return row;
}

std::vector<LeaseToken> StoreTest::Lease(std::vector<JobId> ids, int64_t row_number) {
  LeaseJobs request;
  request.jobs = Ranked(std::move(ids));
  request.leases = RowFor(request.jobs, row_number);
  std::vector<LeaseToken> tokens;
  for (const leasehold::Lease& lease : request.leases.leases) tokens.push_back(lease.token);
  const auto answer = Ask<LeaseJobsAnswer>(std::move(request));
  EXPECT_EQ(answer.value().leased.size(), tokens.size());
  return tokens;
}

RecordOutcomes::Update StoreTest::FailureOf(const LeaseToken& token) {
  RecordOutcomes::Update update;
  update.token = token;
  update.attempts = 1;
  update.run_at = absl::FromUnixMicros(1'800'000'000'000'000);
  update.error = "it broke";
  return update;
}

}  // namespace leasehold::testing
