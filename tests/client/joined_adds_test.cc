#include "client/cpp/joined_adds.h"

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/mutex.h"

namespace leasehold::client {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Ids = absl::StatusOr<std::vector<std::string>>;
using Added = std::future<absl::StatusOr<std::string>>;

// A server that answers when it is told to. The id of a job is "id of" its payload.
class Server {
 public:
  // Calls wait until Go() from now on.
  void Hold() {
    Set([this] { held_ = true; });
  }
  void Go() {
    Set([this] { held_ = false; });
  }
  // How calls are answered, by the payloads of their jobs.
  void Answer(std::function<absl::Status(const std::vector<std::string>&)> answer) {
    Set([&] { answer_ = std::move(answer); });
  }
  void AwaitCalls(size_t count) {
    MutexLock lock(mu_);
    changed_.wait(mu_, [&] { return calls_.size() >= count; });
  }
  std::vector<std::vector<std::string>> calls() {
    MutexLock lock(mu_);
    return calls_;
  }

  Ids operator()(const std::vector<const NewJob*>& jobs) {
    std::vector<std::string> payloads;
    std::vector<std::string> ids;
    for (const NewJob* job : jobs) {
      payloads.push_back(job->payload);
      ids.push_back("id of " + job->payload);
    }
    MutexLock lock(mu_);
    calls_.push_back(payloads);
    changed_.notify_all();
    changed_.wait(mu_, [&] { return !held_; });
    const absl::Status status = answer_ ? answer_(payloads) : absl::OkStatus();
    if (!status.ok()) return status;
    return ids;
  }

 private:
  void Set(const std::function<void()>& change) {
    MutexLock lock(mu_);
    change();
    changed_.notify_all();
  }

  Mutex mu_;
  CondVar changed_;
  bool held_ = false;
  std::function<absl::Status(const std::vector<std::string>&)> answer_;
  std::vector<std::vector<std::string>> calls_;
};

class Joining : public ::testing::Test {
 protected:
  Added Add(const std::string& payload) {
    return std::async(std::launch::async,
                      [this, payload] { return adds_->Add({.task = "t", .payload = payload}); });
  }
  // Two calls are under way and wait for Go().
  void OccupyTheServer() {
    server_.Hold();
    for (int i = 1; i <= 2; ++i) {
      under_way_.push_back(Add("first " + std::to_string(i)));
      server_.AwaitCalls(i);
    }
  }
  // Adds these one after the other: each waits before the next comes.
  std::vector<Added> AddWaiting(const std::vector<std::string>& payloads) {
    std::vector<Added> added;
    for (const std::string& payload : payloads) {
      added.push_back(Add(payload));
      while (adds_->waiting() < added.size()) std::this_thread::yield();
    }
    return added;
  }

  Server server_;
  std::unique_ptr<JoinedAdds> adds_ = std::make_unique<JoinedAdds>(
      [this](const auto& jobs) { return server_(jobs); }, absl::Minutes(1));
  std::vector<Added> under_way_;
};

TEST_F(Joining, SendsTheJobOfACallerThatIsAlone) {
  EXPECT_EQ(Add("a").get().value(), "id of a");
  EXPECT_EQ(Add("b").get().value(), "id of b");
  EXPECT_THAT(server_.calls(), ElementsAre(ElementsAre("a"), ElementsAre("b")));
}

TEST_F(Joining, SendsTogetherWhatComesWhileTwoCallsAreUnderWay) {
  OccupyTheServer();
  std::vector<Added> added = AddWaiting({"a", "b", "c"});
  server_.Go();
  EXPECT_EQ(added[0].get().value(), "id of a");
  EXPECT_EQ(added[1].get().value(), "id of b");
  EXPECT_EQ(added[2].get().value(), "id of c");
  EXPECT_THAT(server_.calls(), SizeIs(3));
  EXPECT_THAT(server_.calls()[2], ElementsAre("a", "b", "c"));
  EXPECT_EQ(adds_->waiting(), 0u);
}

TEST_F(Joining, SendsEachAloneWhenACallOfSeveralIsRefused) {
  OccupyTheServer();
  server_.Answer([](const std::vector<std::string>& payloads) {
    for (const std::string& payload : payloads) {
      if (payload == "bad") return absl::InvalidArgumentError("a bad job");
    }
    return absl::OkStatus();
  });
  std::vector<Added> added = AddWaiting({"a", "bad", "c"});
  server_.Go();
  EXPECT_EQ(added[0].get().value(), "id of a");
  EXPECT_EQ(added[1].get().status(), absl::InvalidArgumentError("a bad job"));
  EXPECT_EQ(added[2].get().value(), "id of c");
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(6));
  EXPECT_THAT(std::vector(calls.begin() + 3, calls.end()),
              UnorderedElementsAre(ElementsAre("a"), ElementsAre("bad"), ElementsAre("c")));
}

TEST_F(Joining, TellsAllWhenACallOfSeveralIsGivenUp) {
  OccupyTheServer();
  server_.Answer([](const auto&) { return absl::UnavailableError("nobody is there"); });
  std::vector<Added> added = AddWaiting({"a", "b"});
  server_.Go();
  EXPECT_EQ(added[0].get().status(), absl::UnavailableError("nobody is there"));
  EXPECT_EQ(added[1].get().status(), absl::UnavailableError("nobody is there"));
  EXPECT_THAT(server_.calls(), SizeIs(3)) << "what became of the jobs is not known";
}

TEST_F(Joining, SendsNoMoreThanAMegabyteTogether) {
  OccupyTheServer();
  const std::string half(600'000, 'x');
  std::vector<Added> added = AddWaiting({half, half, "c"});
  server_.Go();
  for (Added& one : added) EXPECT_TRUE(one.get().ok());
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(4));
  EXPECT_THAT(std::vector({calls[2].size(), calls[3].size()}), UnorderedElementsAre(1, 2));
}

TEST_F(Joining, DoesNotWaitForCallsThatHang) {
  adds_ = std::make_unique<JoinedAdds>([this](const auto& jobs) { return server_(jobs); },
                                       absl::ZeroDuration());
  OccupyTheServer();
  Added third = Add("a");
  server_.AwaitCalls(3);
  server_.Go();
  EXPECT_EQ(third.get().value(), "id of a");
}

TEST_F(Joining, AnswersEachOfManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([this, i] {
      for (int j = 0; j < 200; ++j) {
        const std::string payload = std::to_string(i * 1000 + j);
        EXPECT_EQ(adds_->Add({.task = "t", .payload = payload}).value(), "id of " + payload);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  size_t jobs = 0;
  for (const auto& call : server_.calls()) jobs += call.size();
  EXPECT_EQ(jobs, 16u * 200u);
  EXPECT_EQ(adds_->waiting(), 0u);
}

}  // namespace
}  // namespace leasehold::client
