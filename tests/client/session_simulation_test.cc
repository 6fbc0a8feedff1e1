#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/cpp/session_machine.h"
#include "gtest/gtest.h"
#include "tests/client/simulated_server.h"

// A session machine against a server that breaks streams, forgets sessions, changes leaders,
// recalls, revokes and cancels at random, from a seed. Whatever happens: no handler begins without
// an open stream, every job is completed in the end, and each result is either applied by the
// server once or logged as lost, never both.
namespace leasehold::client {
namespace {

constexpr int kJobs = 200;
constexpr int kSteps = 5000;

class Simulation {
 public:
  explicit Simulation(uint64_t seed)
      : random_(seed), server_(kJobs, random_), machine_(Options(), [this] {
          return std::uniform_real_distribution<double>(0, 1)(random_);
        }) {}

  void Run() {
    machine_.Start(now_);
    Perform();
    for (int i = 0; i < kSteps; ++i) Step(/*faults=*/true);
    for (int i = 0; i < 100 * kSteps && !server_.AllCompleted(); ++i) Step(/*faults=*/false);
    EXPECT_TRUE(server_.AllCompleted());
    machine_.Stop(now_);
    Perform();
    for (int i = 0; i < kSteps && !ended_.has_value(); ++i) Step(/*faults=*/false);
    ASSERT_TRUE(ended_.has_value());
    EXPECT_EQ(*ended_, absl::OkStatus());
    EXPECT_TRUE(running_.empty());
    for (const std::string& token : finished_) {
      EXPECT_NE(server_.Applied(token), logged_.contains(token)) << token;
    }
  }

 private:
  static SessionOptions Options() {
    return {.executor_name = "test",
            .addresses = {"one:1", "two:2"},
            .tasks = {"hello"},
            .forbidden_flags = {},
            .concurrency = 3,
            .prefetch = 5};
  }

  bool Chance(double chance) { return std::bernoulli_distribution(chance)(random_); }

  void Step(bool faults) {
    now_ += absl::Milliseconds(std::uniform_int_distribution<int>(0, 200)(random_));
    if (now_ >= machine_.NextTick()) machine_.OnTick(now_);
    Perform();
    if (Chance(0.6)) DeliverToServer();
    if (Chance(0.6)) DeliverToMachine();
    if (Chance(0.4)) CompleteWrite();
    if (Chance(0.5)) BeginOne();
    if (Chance(0.3)) FinishOne();
    if (Chance(0.3)) server_.SendJobs();
    if (Chance(0.1)) server_.SendHeartbeat();
    if (!faults) return;
    if (Chance(0.02)) server_.RecallSome();
    if (Chance(0.01)) server_.CancelSome();
    if (Chance(0.01)) server_.RevokeSome();
    if (Chance(0.02)) BreakStream();
  }

  void DeliverToServer() {
    if (to_server_.empty()) return;
    const v1::LeaseJobsRequest frame = std::move(to_server_.front());
    to_server_.pop_front();
    server_.OnFrame(frame);
  }

  void DeliverToMachine() {
    if (server_.outbox().empty()) return;
    auto frame = std::make_shared<v1::LeaseJobsResponse>(std::move(server_.outbox().front()));
    server_.outbox().pop_front();
    open_ |= frame->has_opened();
    machine_.OnFrame(stream_, frame, now_);
    Perform();
  }

  void CompleteWrite() {
    if (!std::exchange(writing_, false)) return;
    machine_.OnWritten(stream_, now_);
    Perform();
  }

  void BeginOne() {
    if (offered_.empty() || running_.size() == 3) return;
    EXPECT_TRUE(open_) << "a handler begins without a stream";
    const HeldJob held = std::move(offered_.front());
    offered_.pop_front();
    EXPECT_TRUE(running_.emplace(held.handle, held.job->lease_token()).second);
    EXPECT_TRUE(begun_.insert(held.job->lease_token()).second) << "one lease began twice";
    if (!held.announced) machine_.OnHandlers({held.handle}, {}, now_);
    Perform();
  }

  void FinishOne() {
    if (running_.empty()) return;
    auto it = running_.begin();
    std::advance(it, std::uniform_int_distribution<size_t>(0, running_.size() - 1)(random_));
    std::vector<FinishedJob> finished(1);
    finished[0].handle = it->first;
    finished[0].outcome.set_lease_token(it->second);
    if (Chance(0.9)) {
      finished[0].outcome.mutable_complete();
    } else {
      finished[0].outcome.mutable_fail();
    }
    finished_.push_back(it->second);
    running_.erase(it);
    machine_.OnHandlers({}, std::move(finished), now_);
    Perform();
  }

  void BreakStream() {
    DropStream();
    const absl::Status status =
        Chance(0.1) ? absl::AbortedError("taken over") : absl::UnavailableError("broken");
    if (Chance(0.3)) server_.Forget();
    machine_.OnStreamEnded(stream_, {.status = status}, now_);
    Perform();
  }

  void DropStream() {
    to_server_.clear();
    writing_ = open_ = false;
    server_.OnStreamBroken();
  }

  void Perform() {
    for (auto actions = machine_.TakeActions(); !actions.empty();
         actions = machine_.TakeActions()) {
      for (SessionAction& action : actions) {
        std::visit([this](auto& one) { Do(one); }, action);
      }
    }
  }

  void Do(OpenStream& action) {
    DropStream();
    stream_ = action.stream;
    writing_ = true;
    to_server_.push_back(*action.open);
  }
  void Do(WriteFrame& action) {
    EXPECT_FALSE(writing_);
    EXPECT_EQ(action.stream, stream_);
    writing_ = true;
    to_server_.push_back(*action.frame);
  }
  void Do(CloseStream&) {}
  void Do(CancelStream& action) {
    if (action.stream == stream_) DropStream();
  }
  void Do(RunJobs& action) {
    EXPECT_TRUE(open_);
    for (HeldJob& held : action.jobs) offered_.push_back(std::move(held));
  }
  void Do(WithdrawJobs& action) {
    std::vector<HeldJob> withdrawn;
    std::deque<HeldJob> left;
    for (HeldJob& held : offered_) {
      const bool wanted = action.handles.empty() ||
                          std::count(action.handles.begin(), action.handles.end(), held.handle) > 0;
      (wanted ? static_cast<void>(withdrawn.push_back(std::move(held)))
              : left.push_back(std::move(held)));
    }
    offered_ = std::move(left);
    machine_.OnWithdrawn(std::move(withdrawn), now_);
  }
  void Do(CancelJobs&) {}
  void Do(WriteLog& action) {
    if (action.message.find("does not count") != action.message.npos) {
      EXPECT_TRUE(logged_.insert(action.job_id).second) << action.job_id << " logged twice";
    }
  }
  void Do(EndSession& action) { ended_ = std::move(action.status); }

  std::mt19937_64 random_;
  SimulatedServer server_;
  SessionMachine machine_;
  absl::Time now_ = absl::UnixEpoch();
  StreamId stream_ = 0;
  // The machine has seen `opened`.
  bool open_ = false;
  bool writing_ = false;
  std::deque<v1::LeaseJobsRequest> to_server_;
  std::deque<HeldJob> offered_;
  std::map<JobHandle, std::string> running_;
  std::set<std::string> begun_;
  // Tokens whose handlers have ended; the job's id is its token here.
  std::vector<std::string> finished_;
  std::set<std::string> logged_;
  std::optional<absl::Status> ended_;
};

class ASimulatedSession : public ::testing::TestWithParam<uint64_t> {};

TEST_P(ASimulatedSession, LosesNoResultInSilence) { Simulation(GetParam()).Run(); }

INSTANTIATE_TEST_SUITE_P(Seeds, ASimulatedSession, ::testing::Range<uint64_t>(1, 41));

}  // namespace
}  // namespace leasehold::client
