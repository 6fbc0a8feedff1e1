#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

class LeadershipStoreTest : public StoreTest {
 protected:
  std::unique_ptr<store::LeadershipStore> Connect(const std::string& server_id) {
    auto connected = store::PgLeadershipStore::Connect(ConnectionTo(server_id));
    EXPECT_TRUE(connected.ok()) << connected.status();
    return *std::move(connected);
  }
};

TEST_F(LeadershipStoreTest, SaysWhoLeads) {
  auto server = Connect("server-1");
  EXPECT_EQ(server->Read().value().epoch, 0);
  EXPECT_EQ(server->Read()->server_id, "");

  ASSERT_TRUE(server->Register({.address = "10.0.0.1:7411", .version = "1.0", .host = {}}).ok());
  ASSERT_EQ(server->TakeOver(0).value(), 1);

  const store::Leadership leadership = Connect("server-2")->Read().value();
  EXPECT_EQ(leadership.epoch, 1);
  EXPECT_EQ(leadership.server_id, "server-1");
  EXPECT_EQ(leadership.address, "10.0.0.1:7411");
}

TEST_F(LeadershipStoreTest, LetsOneOfTwoTakeOver) {
  auto first = Connect("server-1");
  auto second = Connect("server-2");

  EXPECT_EQ(first->TakeOver(0).value(), 1);
  EXPECT_EQ(second->TakeOver(0).status().code(), absl::StatusCode::kFailedPrecondition);

  EXPECT_EQ(second->TakeOver(1, 40).value(), 41);
}

TEST_F(LeadershipStoreTest, RenewsOnlyTheLeadershipThatStands) {
  auto server = Connect("server-1");
  ASSERT_TRUE(server->Register({.address = "address", .version = "1.0", .host = {}}).ok());
  const uint64_t epoch = server->TakeOver(0).value();

  EXPECT_GT(server->Renew(epoch).value().now, absl::UnixEpoch());
  EXPECT_EQ(server->Read()->renewals, 1);

  ASSERT_TRUE(Connect("server-2")->TakeOver(epoch).ok());
  EXPECT_EQ(server->Renew(epoch).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LeadershipStoreTest, HoldsTheLockAsLongAsItsConnection) {
  auto first = Connect("server-1");
  auto second = Connect("server-2");
  EXPECT_TRUE(first->TryLock().value());
  EXPECT_FALSE(second->TryLock().value());

  ASSERT_TRUE(second->EndBackends("server-1").ok());

  EXPECT_EQ(first->Read().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(first->lost());
  while (!second->TryLock().value()) {
  }
}

TEST_F(LeadershipStoreTest, GivesWayToAWriteUnderWay) {
  auto first = Connect("server-1");
  ASSERT_EQ(first->TakeOver(0).value(), 1);
  pqxx::connection writing(database_.url());
  pqxx::work write(writing);
  write.exec("SELECT leasehold.fence(1)");

  EXPECT_EQ(Connect("server-2")->TakeOver(1).status().code(), absl::StatusCode::kAborted);
}

TEST_F(LeadershipStoreTest, KnowsTheDatabase) {
  const store::DatabaseFacts facts = Connect("server-1")->ReadFacts().value();

  EXPECT_GT(facts.now, facts.started_at);
  EXPECT_EQ(facts.timeline, "00000001");
  EXPECT_FALSE(facts.durable) << "the tests' cluster has fsync off";
  EXPECT_GE(facts.version, 120000);
}

}  // namespace
}  // namespace leasehold::testing
