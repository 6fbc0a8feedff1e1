#include "server/rpc/courier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace leasehold::rpc {
namespace {

TEST(CourierTest, KeepsTheOrderWithOneThread) {
  std::vector<int> ran;
  {
    Courier courier(1);
    for (int i = 0; i < 1000; ++i) courier.Run([&ran, i] { ran.push_back(i); });
  }
  ASSERT_EQ(ran.size(), 1000);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ran[i], i);
}

TEST(CourierTest, RunsEverythingThatManyThreadsGiveIt) {
  std::atomic<int> ran = 0;
  {
    Courier courier(3);
    std::vector<std::thread> givers;
    for (int t = 0; t < 4; ++t) {
      givers.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) courier.Run([&ran] { ++ran; });
      });
    }
    for (std::thread& giver : givers) giver.join();
  }
  EXPECT_EQ(ran, 4000);
}

TEST(CourierTest, MayBeGivenMoreByWhatItRuns) {
  std::atomic<int> ran = 0;
  {
    Courier courier(2);
    courier.Run([&] {
      ++ran;
      courier.Run([&] { ++ran; });
    });
  }
  EXPECT_EQ(ran, 2);
}

}  // namespace
}  // namespace leasehold::rpc
