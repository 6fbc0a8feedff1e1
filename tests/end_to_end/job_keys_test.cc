#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "server/base/mutex.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/local_executor.h"

// Many who add under one key at the same moment, over gRPC.
namespace leasehold::testing {
namespace {

class JobKeysTest : public EndToEndTest {};

// Each on a connection of its own.
constexpr int kClients = 100;
constexpr int kAddsOfEach = 100;

TEST_F(JobKeysTest, LoseNoElementOfArraysThatAHundredClientsAddUnderOneKey) {
  Mutex mutex;
  std::vector<int> seen(kClients * kAddsOfEach);
  int runs = 0;
  const auto handler = [&](client::JobContext& job) {
    const nlohmann::json payload = nlohmann::json::parse(job.payload());
    MutexLock lock(mutex);
    ++runs;
    for (const nlohmann::json& element : payload) ++seen.at(element.get<int>());
    return client::Complete();
  };
  LocalExecutor one({.address = server_.address(), .name = "one", .concurrency = 2}, {"work"},
                    handler);
  LocalExecutor two({.address = server_.address(), .name = "two", .concurrency = 2}, {"work"},
                    handler);
  std::atomic<int> answered{0};
  const absl::Time start = absl::Now();
  std::vector<std::thread> clients;
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      client::Client client({.address = server_.address(), .deadline = absl::Minutes(1)});
      for (int i = 0; i < kAddsOfEach; ++i) {
        const std::string element = std::to_string(c * kAddsOfEach + i);
        const auto id =
            client.AddJob({.task = "work", .payload = "[" + element + "]", .key = "the key"});
        EXPECT_TRUE(id.ok()) << id.status();
        answered += id.ok() ? 1 : 0;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, kClients * kAddsOfEach);
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_TRUE(one.Stop().ok());
  EXPECT_TRUE(two.Stop().ok());
  MutexLock lock(mutex);
  std::cout << answered << " adds in " << absl::Now() - start << ", " << runs << " runs\n";
  EXPECT_THAT(seen, ::testing::Each(1));
  EXPECT_GT(runs, 1) << "no run came in between";
}

}  // namespace
}  // namespace leasehold::testing
