#pragma once

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "leasehold/v1/executor_service.pb.h"

namespace leasehold::client {

// The server's side of one executor's session, as the protocol has it, with the faults that it may
// show at any time. It has a number of jobs, each to be completed once; a leased job's id is its
// token.
class SimulatedServer {
 public:
  SimulatedServer(int jobs, std::mt19937_64& random) : jobs_(jobs), random_(random) {
    for (int i = 1; i <= jobs; ++i) ready_.push_back(i);
  }

  bool AllCompleted() const { return static_cast<int>(completed_.size()) == jobs_; }
  bool Applied(const std::string& token) const { return ended_.contains(token); }
  std::deque<v1::LeaseJobsResponse>& outbox() { return outbox_; }

  void OnStreamBroken() {
    connected_ = false;
    outbox_.clear();
  }

  void OnFrame(const v1::LeaseJobsRequest& frame) {
    if (frame.has_open()) return OnOpen(frame.open());
    ASSERT_TRUE(connected_);
    if (frame.has_window()) window_ = frame.window().jobs();
    if (frame.has_outcomes()) OnOutcomes(frame.outcomes());
    for (const auto& token : frame.started().lease_tokens()) {
      if (const auto it = leases_.find(token); it != leases_.end()) it->second.started = true;
    }
    for (const auto& token : frame.release().lease_tokens()) {
      const auto it = leases_.find(token);
      if (it == leases_.end()) continue;
      EXPECT_FALSE(it->second.started) << "a started lease was released";
      TakeBack(it);
    }
  }

  void SendJobs() {
    if (!connected_) return;
    v1::LeaseJobsResponse frame = NewFrame();
    while (static_cast<int>(leases_.size()) < window_ && !ready_.empty()) {
      const std::string token = absl::StrCat("t", ++last_token_);
      leases_[token] = {.job = ready_.front()};
      v1::LeasedJob* job = frame.mutable_jobs()->add_jobs();
      job->set_id(token);
      job->set_lease_token(token);
      ready_.pop_front();
    }
    if (!frame.has_jobs()) return;
    frame.mutable_jobs()->set_sequence(++jobs_sequence_);
    outbox_.push_back(std::move(frame));
  }

  void SendHeartbeat() {
    if (!connected_) return;
    v1::LeaseJobsResponse frame;
    frame.mutable_heartbeat()->set_reply(Chance(0.3));
    outbox_.push_back(std::move(frame));
  }

  void RecallSome() {
    v1::LeaseJobsResponse frame;
    for (const auto& [token, lease] : leases_) {
      if (!lease.started && Chance(0.3)) frame.mutable_recall()->add_lease_tokens(token);
    }
    if (connected_ && frame.has_recall()) outbox_.push_back(std::move(frame));
  }

  void CancelSome() {
    v1::LeaseJobsResponse frame;
    for (const auto& [token, lease] : leases_) {
      if (Chance(0.2)) frame.mutable_cancel()->add_lease_tokens(token);
    }
    if (connected_ && frame.has_cancel()) outbox_.push_back(std::move(frame));
  }

  void RevokeSome() {
    v1::LeaseJobsResponse frame = NewFrame();
    for (auto it = leases_.begin(); it != leases_.end();) {
      const auto next = std::next(it);
      if (Chance(0.2)) {
        frame.mutable_revoke()->add_lease_tokens(it->first);
        TakeBack(it);
      }
      it = next;
    }
    if (connected_ && frame.has_revoke()) outbox_.push_back(std::move(frame));
  }

  // The stream is broken: either the session times out, or another leader comes.
  void Forget() {
    if (Chance(0.5)) ++epoch_;
    session_.clear();
    if (Chance(0.5)) return;
    while (!leases_.empty()) TakeBack(leases_.begin());
  }

 private:
  struct Lease {
    int job = 0;
    bool started = false;
  };
  using Leases = std::map<std::string, Lease>;

  bool Chance(double chance) { return std::bernoulli_distribution(chance)(random_); }

  v1::LeaseJobsResponse NewFrame() const {
    v1::LeaseJobsResponse frame;
    frame.set_epoch(epoch_);
    return frame;
  }

  void TakeBack(Leases::iterator it) {
    ready_.push_front(it->second.job);
    leases_.erase(it);
  }

  void OnOpen(const v1::LeaseJobsRequest::Open& open) {
    EXPECT_LE(open.epoch(), epoch_);
    connected_ = true;
    jobs_sequence_ = 0;
    window_ = open.window().jobs();
    v1::LeaseJobsResponse frame = NewFrame();
    v1::LeaseJobsResponse::Opened* opened = frame.mutable_opened();
    opened->mutable_heartbeat_interval()->set_seconds(5);
    opened->set_resumed(!session_.empty() && open.session_id() == session_);
    if (!opened->resumed()) {
      session_ = absl::StrCat("session ", ++last_session_);
      last_sequence_ = 0;
    }
    opened->set_session_id(session_);
    std::set<std::string> named;
    for (const std::string& token : open.held_tokens()) {
      EXPECT_TRUE(named.insert(token).second) << token << " was named twice";
      (leases_.contains(token) ? opened->mutable_resumed_tokens() : opened->mutable_lost_tokens())
          ->Add(std::string(token));
    }
    for (auto it = leases_.begin(); it != leases_.end();) {
      const auto next = std::next(it);
      if (!named.contains(it->first)) TakeBack(it);
      it = next;
    }
    outbox_.push_back(std::move(frame));
  }

  void OnOutcomes(const v1::LeaseJobsRequest::Outcomes& outcomes) {
    EXPECT_LE(outcomes.sequence(), last_sequence_ + 1);
    last_sequence_ = std::max<int64_t>(last_sequence_, outcomes.sequence());
    v1::LeaseJobsResponse frame;
    frame.mutable_recorded()->set_sequence(outcomes.sequence());
    for (const v1::Outcome& outcome : outcomes.outcomes()) {
      const auto it = leases_.find(outcome.lease_token());
      if (it != leases_.end()) {
        ended_.insert(it->first);
        if (outcome.has_complete()) {
          EXPECT_TRUE(completed_.insert(it->second.job).second);
          leases_.erase(it);
        } else {
          TakeBack(it);
        }
      } else if (!ended_.contains(outcome.lease_token())) {
        v1::OutcomeResult* result = frame.mutable_recorded()->add_results();
        result->set_lease_token(outcome.lease_token());
        result->set_code(static_cast<int>(absl::StatusCode::kFailedPrecondition));
        result->set_reason("LEASE_LOST");
      }
    }
    outbox_.push_back(std::move(frame));
  }

  const int jobs_;
  std::mt19937_64& random_;
  bool connected_ = false;
  uint64_t epoch_ = 1;
  std::string session_;
  int last_session_ = 0;
  int last_token_ = 0;
  int window_ = 0;
  int64_t jobs_sequence_ = 0;
  int64_t last_sequence_ = 0;
  std::deque<int> ready_;
  Leases leases_;
  std::set<std::string> ended_;
  std::set<int> completed_;
  std::deque<v1::LeaseJobsResponse> outbox_;
};

}  // namespace leasehold::client
