#include <gtest/gtest.h>

#include <future>
#include <map>
#include <pqxx/pqxx>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "server/store/pg_job_store.h"
#include "server/store/pg_leadership_store.h"
#include "tests/store/contract/store_under_test.h"
#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

std::string IdArray(const std::set<JobId>& ids) { return "{" + absl::StrJoin(ids, ",") + "}"; }

const char* SqlKeyMode(KeyMode mode) {
  if (mode == KeyMode::kPreserveRunAt) return "preserve_run_at";
  return mode == KeyMode::kUnsafeDedupe ? "unsafe_dedupe" : "replace";
}

// One leadership of one server.
class LeadingServer {
 public:
  LeadingServer(const std::string& database_url, const std::string& server_id) {
    options_.connection.database_url = database_url;
    options_.connection.server_id = server_id;
    options_.connections = 1;
    options_.inbox_poll_interval = absl::Hours(1);
    auto leadership = store::PgLeadershipStore::Connect(options_.connection).value();
    const uint64_t epoch = leadership->TakeOver(leadership->Read().value().epoch).value();
    store_ = std::make_unique<store::PgJobStore>(options_, observer_);
    const absl::Status started = store_->Start(epoch);
    if (!started.ok()) throw std::runtime_error(started.ToString());
  }

  absl::StatusOr<StoreAnswer> Submit(StoreRequest request) {
    std::promise<absl::StatusOr<StoreAnswer>> answered;
    store_->Submit(std::move(request), [&answered](const absl::Status& status, StoreAnswer answer) {
      if (status.ok()) return answered.set_value(std::move(answer));
      answered.set_value(status);
    });
    return answered.get_future().get();
  }

  absl::StatusOr<Job> Get(JobId id) {
    std::promise<absl::StatusOr<Job>> answered;
    store_->GetJob(id,
                   [&answered](absl::StatusOr<Job> job) { answered.set_value(std::move(job)); });
    return answered.get_future().get();
  }

 private:
  store::PgJobStoreOptions options_;
  RecordingObserver observer_;
  std::unique_ptr<store::PgJobStore> store_;
};

class PgStore : public StoreUnderTest {
 public:
  void Lead(const std::string& server) override {
    leader_ = server;
    servers_[server] = std::make_unique<LeadingServer>(database_.url(), server);
  }

  absl::StatusOr<StoreAnswer> Submit(const std::string& server, StoreRequest request) override {
    return servers_.at(server)->Submit(std::move(request));
  }

  std::optional<Job> Find(JobId id) override {
    const absl::StatusOr<Job> job = servers_.at(leader_)->Get(id);
    if (absl::IsNotFound(job.status())) return std::nullopt;
    return job.value();
  }

  JobId AddBySql(const NewJob& job) override {
    std::optional<int64_t> run_at;
    if (job.run_at.has_value()) run_at = absl::ToUnixMicros(*job.run_at);
    const pqxx::result added =
        Sql("SELECT id FROM leasehold.add_job($1, $2::json, $3, leasehold.from_micros($4), $5, $6, "
            "$7, $8::text[], $9)",
            job.task, job.payload, job.queue_name, run_at, job.max_attempts, job.key, job.priority,
            "{" + absl::StrJoin(job.flags, ",") + "}", SqlKeyMode(job.key_mode));
    return added.front().front().as<JobId>();
  }

  void RemoveBySql(const std::string& key) override {
    Sql("SELECT FROM leasehold.remove_job($1)", key);
  }
  void CompleteBySql(JobId id) override {
    Sql("SELECT FROM leasehold.complete_jobs(ARRAY[$1::bigint])", id);
  }
  void FailBySql(JobId id) override {
    Sql("SELECT FROM leasehold.permanently_fail_jobs(ARRAY[$1::bigint])", id);
  }
  void RescheduleBySql(JobId id, absl::Time run_at) override {
    Sql("SELECT FROM leasehold.reschedule_jobs(ARRAY[$1::bigint], leasehold.from_micros($2))", id,
        absl::ToUnixMicros(run_at));
  }
  void ReviveBySql(JobId id, absl::Time run_at) override {
    Sql("SELECT FROM leasehold.reschedule_jobs(ARRAY[$1::bigint], leasehold.from_micros($2), "
        "attempts := 0)",
        id, absl::ToUnixMicros(run_at));
  }
  void UnlockBySql(const std::string& executor_id) override {
    Sql("SELECT FROM leasehold.force_unlock_workers(ARRAY[$1])", executor_id);
  }

  void TakeSnapshot() override {
    snapshot_ = std::make_unique<pqxx::transaction<pqxx::repeatable_read>>(others_);
    snapshot_->exec("SELECT FROM leasehold.job_rows");
  }

  void Lock(std::set<JobId> ids) override {
    holding_.reset();
    if (ids.empty()) return;
    holding_ = std::make_unique<pqxx::work>(holder_);
    holding_->exec_params("SELECT FROM leasehold.job_rows WHERE id = ANY ($1::bigint[]) FOR UPDATE",
                          IdArray(ids));
  }

 private:
  template <typename... Parameters>
  pqxx::result Sql(const std::string& sql, const Parameters&... parameters) {
    std::unique_ptr<pqxx::dbtransaction> transaction = std::move(snapshot_);
    if (transaction == nullptr) transaction = std::make_unique<pqxx::work>(others_);
    pqxx::result result = transaction->exec_params(sql, parameters...);
    transaction->commit();
    return result;
  }

  TestDatabase database_{MakeSchema};
  std::map<std::string, std::unique_ptr<LeadingServer>> servers_;
  std::string leader_;
  pqxx::connection others_{database_.url()};
  pqxx::connection holder_{database_.url()};
  std::unique_ptr<pqxx::dbtransaction> snapshot_;
  std::unique_ptr<pqxx::work> holding_;
};

}  // namespace

std::unique_ptr<StoreUnderTest> MakePgStore() { return std::make_unique<PgStore>(); }

}  // namespace leasehold::testing
