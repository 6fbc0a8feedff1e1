#include "server/neighbours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold {
namespace {

using ::testing::HasSubstr;

store::ServerInfo Other(const std::string& address, const std::string& host) {
  store::ServerInfo other;
  other.id = "other";
  other.address = address;
  other.host = host;
  return other;
}

TEST(NeighboursTest, RefuseAnAddressThatTheyCannotReach) {
  const store::ServerRow mine = {.address = "127.0.0.1:7411", .version = "1", .host = "here"};
  const absl::Status refused = CheckNeighbours(mine, {Other("10.0.0.2:7411", "there")});
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--advertise-address"));
  EXPECT_FALSE(CheckNeighbours({.address = "[::1]:7411", .version = "1", .host = "here"},
                               {Other("10.0.0.2:7411", "there")})
                   .ok());
}

TEST(NeighboursTest, TakeALoopbackAddressOnTheirOwnMachine) {
  const store::ServerRow mine = {.address = "localhost:7411", .version = "1", .host = "here"};
  EXPECT_TRUE(CheckNeighbours(mine, {}).ok());
  EXPECT_TRUE(CheckNeighbours(mine, {Other("127.0.0.1:7511", "here")}).ok());
}

TEST(NeighboursTest, DoNotCountIfTheyAreGone) {
  const store::ServerRow mine = {.address = "127.0.0.1:7411", .version = "1", .host = "here"};
  store::ServerInfo gone = Other("10.0.0.2:7411", "there");
  gone.silent = absl::Minutes(5);
  EXPECT_TRUE(CheckNeighbours(mine, {gone}).ok());
}

TEST(NeighboursTest, MayThemselvesLackAnAddress) {
  const store::ServerRow mine = {.address = "10.0.0.1:7411", .version = "1", .host = "here"};
  EXPECT_TRUE(CheckNeighbours(mine, {Other("127.0.0.1:7411", "there")}).ok());
}

}  // namespace
}  // namespace leasehold
