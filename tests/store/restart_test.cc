#include <gtest/gtest.h>

#include <future>
#include <string>

#include "server/store/recovery.h"
#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

// A cluster of its own, because it is stopped and killed.
class RestartTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.connection.database_url = database_.url();
    options_.connection.server_id = "server-1";
    auto leadership = store::PgLeadershipStore::Connect(options_.connection);
    ASSERT_TRUE(leadership.ok()) << leadership.status();
    ASSERT_EQ((*leadership)->TakeOver(0).value(), 1);
    ASSERT_TRUE(store_.Start(1).ok());
  }

  std::future<absl::Status> Submit(StoreRequest request) {
    auto promise = std::make_shared<std::promise<absl::Status>>();
    store_.Submit(std::move(request), [promise](absl::Status status, const StoreAnswer&) {
      promise->set_value(std::move(status));
    });
    return promise->get_future();
  }

  static AddJobs Adding(JobId id) { return {{{id, {.task = "mail"}, absl::UnixEpoch()}}, {}, {}}; }

  PostgresCluster cluster_;
  TestDatabase database_{cluster_, MakeSchema};
  RecordingObserver observer_;
  store::PgJobStoreOptions options_;
  store::PgJobStore store_{(options_.connection.database_url = database_.url(),
                            options_.connection.server_id = "server-1", options_),
                           observer_};
};

TEST_F(RestartTest, KeepsAnUnsentWriteUntilPostgresqlIsBack) {
  ASSERT_TRUE(Submit(Adding(1)).get().ok());
  cluster_.Stop("immediate");

  std::future<absl::Status> in_doubt = Submit(Adding(2));
  observer_.Await([](const auto& told) { return told.away == 1; });
  EXPECT_EQ(Submit(Adding(3)).get().code(), absl::StatusCode::kUnavailable);
  cluster_.Start();

  EXPECT_TRUE(in_doubt.get().ok());
  observer_.Await([](const auto& told) { return told.back == 1; });
  EXPECT_TRUE(Submit(Adding(4)).get().ok());
  pqxx::connection connection(database_.url());
  EXPECT_EQ(pqxx::nontransaction(connection)
                .exec1("SELECT string_agg(id::text, ',' ORDER BY id) FROM leasehold.job_rows")[0]
                .as<std::string>(),
            "1,2,4");
}

TEST_F(RestartTest, StopsWhilePostgresqlIsAway) {
  cluster_.Stop("immediate");
  std::future<absl::Status> in_doubt = Submit(Adding(1));
  observer_.Await([](const auto& told) { return told.away == 1; });

  store_.Stop();

  EXPECT_EQ(in_doubt.get().code(), absl::StatusCode::kUnavailable);
}

TEST(DatabaseIdentityTest, TellsOneDatabaseFromAnother) {
  const store::DatabaseIdentity known = {"1", "00000001"};

  EXPECT_TRUE(known.MayBe({"1", "00000001"}));
  EXPECT_TRUE(known.MayBe({"", "00000001"}));
  EXPECT_FALSE(known.MayBe({"1", "00000002"}));
  EXPECT_FALSE(known.MayBe({"2", "00000001"}));
}

}  // namespace
}  // namespace leasehold::testing
