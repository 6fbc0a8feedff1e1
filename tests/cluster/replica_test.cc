#include "server/cluster/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "tests/cluster/fake_leadership_store.h"

// One server's part in the leadership, step by step, over a database in memory and a clock that
// moves when the test says.
namespace leasehold::cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Server final : public LeadershipObserver {
 public:
  Server(fake::LeadershipTables& tables, MonotonicTime& now, const std::string& id,
         int newest_breaking = 1)
      : replica_(
            {.server_id = id,
             .row = {.address = id + ":1", .version = "1", .host = "h"},
             .newest_breaking = newest_breaking},
            *this,
            [&tables, id]() -> std::unique_ptr<store::LeadershipStore> {
              if (tables.away) return nullptr;
              return std::make_unique<fake::FakeLeadershipStore>(tables, id);
            },
            [&now] { return now; }) {}

  absl::Status BeginLeading(const Begun& begun) override {
    led.push_back(begun.epoch);
    timeline_changed = begun.timeline_changed;
    return begins;
  }
  void FollowClock(absl::Time, MonotonicTime) override {}
  void BeginDrain() override { ++drains; }
  bool Drained() override { return drained; }
  void EndLeading() override { ++ended; }
  void Follow(const LeaderSeen& leader) override { follows = leader; }
  int Beat() override { return 3; }

  Replica& operator*() { return replica_; }
  Replica* operator->() { return &replica_; }

  std::vector<uint64_t> led;
  bool timeline_changed = false;
  absl::Status begins;
  int drains = 0;
  bool drained = true;
  int ended = 0;
  LeaderSeen follows;

 private:
  Replica replica_;
};

class ReplicaTest : public ::testing::Test {
 protected:
  // Steps both for so long, as often as they ask to be.
  void Pass(absl::Duration time) {
    const MonotonicTime until = now_ + absl::ToChronoNanoseconds(time);
    while (now_ < until) {
      if (a_runs_) StepIfDue(*a_, a_due_);
      if (b_runs_) StepIfDue(*b_, b_due_);
      now_ += std::chrono::milliseconds(10);
    }
  }

  // A notification cuts its wait short.
  void StepIfDue(Replica& replica, MonotonicTime& due) {
    if (now_ < due && tables_.notifications == seen_notifications_[&replica]) return;
    if (std::exchange(seen_notifications_[&replica], tables_.notifications) !=
        tables_.notifications) {
      replica.LookNow();
    }
    due = now_ + absl::ToChronoNanoseconds(replica.Step());
  }

  fake::LeadershipTables tables_;
  MonotonicTime now_ = MonotonicTime(std::chrono::hours(1));
  Server a_{tables_, now_, "a"};
  Server b_{tables_, now_, "b"};
  bool a_runs_ = true;
  bool b_runs_ = true;
  MonotonicTime a_due_ = {};
  MonotonicTime b_due_ = {};
  std::map<Replica*, int> seen_notifications_;
};

TEST_F(ReplicaTest, LeadsIfNobodyDoesAndTheOtherFollows) {
  Pass(absl::Seconds(1));
  EXPECT_THAT(a_.led, ElementsAre(1));
  EXPECT_THAT(b_.led, IsEmpty());
  EXPECT_EQ(b_.follows.server_id, "a");
  EXPECT_EQ(b_.follows.address, "a:1");
  EXPECT_EQ(b_.follows.epoch, 1);
  EXPECT_EQ(tables_.servers["b"].streams, 3);
}

TEST_F(ReplicaTest, LeadsAtOnceWhenTheLeadersConnectionsHaveEnded) {
  Pass(absl::Seconds(1));
  a_runs_ = false;
  tables_.lock.clear();
  Pass(absl::Milliseconds(220));
  EXPECT_TRUE(b_->leads());
  EXPECT_THAT(tables_.ended, ElementsAre("a"));
}

TEST_F(ReplicaTest, WaitsForTheTimeToLiveOfALeaderThatIsOnlySilent) {
  Pass(absl::Seconds(1));
  a_runs_ = false;
  Pass(absl::Seconds(4));
  EXPECT_FALSE(b_->leads());
  EXPECT_THAT(tables_.ended, IsEmpty());
  Pass(absl::Seconds(2));
  EXPECT_TRUE(b_->leads());
  EXPECT_THAT(tables_.ended, ElementsAre("a"));
  // The one that was silent finds out, and follows.
  a_runs_ = true;
  Pass(absl::Seconds(1));
  EXPECT_FALSE(a_->leads());
  EXPECT_EQ(a_.ended, 1);
  EXPECT_EQ(a_.follows.server_id, "b");
}

TEST_F(ReplicaTest, DoesNotCountTheTimeThatTheAnswerTookAgainstTheLeader) {
  Pass(absl::Seconds(1));
  a_runs_ = false;
  Pass(absl::Seconds(3));
  // The leader may have renewed meanwhile.
  tables_.after_reading = [this] { now_ += std::chrono::seconds(3); };
  b_->Step();
  tables_.after_reading = [] {};
  ASSERT_FALSE(b_->leads());
  a_runs_ = true;
  Pass(absl::Seconds(1));
  EXPECT_TRUE(a_->leads());
  EXPECT_FALSE(b_->leads());
}

TEST_F(ReplicaTest, DeliversOnlyAsLongAsNobodyElseCanLead) {
  Pass(absl::Seconds(1));
  EXPECT_TRUE(a_->MayDeliver());
  a_runs_ = false;
  Pass(absl::Milliseconds(3900));
  EXPECT_FALSE(a_->MayDeliver() && b_->leads());
  Pass(absl::Milliseconds(200));
  EXPECT_FALSE(a_->MayDeliver());
  EXPECT_FALSE(b_->leads());
}

TEST_F(ReplicaTest, CountsARenewalFromItsStart) {
  Pass(absl::Seconds(1));
  tables_.during_renewal = [this] {
    now_ += std::chrono::milliseconds(3500);
    a_runs_ = false;
  };
  Pass(absl::Seconds(4));
  ASSERT_FALSE(a_runs_);
  EXPECT_TRUE(a_->MayDeliver());
  b_runs_ = false;
  Pass(absl::Milliseconds(600));
  EXPECT_FALSE(a_->MayDeliver());
}

TEST_F(ReplicaTest, EndsTheWritesOfAnExpiredLeaderAgainUntilItGetsThrough) {
  Pass(absl::Seconds(1));
  a_runs_ = false;
  tables_.write_held = true;
  Pass(absl::Seconds(8));
  EXPECT_FALSE(b_->leads());
  EXPECT_GT(tables_.ended.size(), 2);
  tables_.write_held = false;
  Pass(absl::Seconds(1));
  EXPECT_TRUE(b_->leads());
}

TEST_F(ReplicaTest, YieldsAfterItHasDrainedSoThatTheOtherLeadsAtOnce) {
  Pass(absl::Seconds(1));
  a_.drained = false;
  a_->Yield();
  Pass(absl::Milliseconds(100));
  EXPECT_EQ(a_.drains, 1);
  EXPECT_TRUE(a_->leads());
  a_.drained = true;
  Pass(absl::Milliseconds(40));
  EXPECT_FALSE(a_->leads());
  EXPECT_TRUE(b_->leads());
  EXPECT_THAT(tables_.ended, IsEmpty()) << "a leader that has yielded has nothing to be ended";
  Pass(absl::Seconds(1));
  EXPECT_EQ(a_.follows.server_id, "b");
}

TEST_F(ReplicaTest, WaitsNoLongerThanTwoSecondsUntilItHasDrained) {
  Pass(absl::Seconds(1));
  a_.drained = false;
  a_->Yield();
  Pass(absl::Seconds(2.2));
  EXPECT_FALSE(a_->leads());
  EXPECT_TRUE(b_->leads());
}

TEST_F(ReplicaTest, DoesNotLeadAgainOnceItHasYielded) {
  Pass(absl::Seconds(1));
  a_->Yield();
  b_runs_ = false;
  Pass(absl::Seconds(20));
  EXPECT_FALSE(a_->leads());
}

TEST_F(ReplicaTest, YieldsToWhoAsksAndKeepsOutUntilThatOneHasHadItsTurn) {
  Pass(absl::Seconds(1));
  fake::FakeLeadershipStore asker(tables_, "c");
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(asker.Ask(false).value());
    Pass(absl::Seconds(1));
  }
  EXPECT_EQ(a_.drains, 1);
  EXPECT_FALSE(a_->leads());
  EXPECT_FALSE(b_->leads());
  ASSERT_TRUE(asker.StopAsking().ok());
  Pass(absl::Seconds(1));
  EXPECT_TRUE(a_->leads() || b_->leads());
}

TEST_F(ReplicaTest, DoesNotWaitForOneThatAskedAndIsGone) {
  Pass(absl::Seconds(1));
  {
    fake::FakeLeadershipStore asker(tables_, "c");
    ASSERT_TRUE(asker.Ask(false).value());
  }
  Pass(absl::Seconds(2));
  EXPECT_FALSE(a_->leads() || b_->leads());
  Pass(absl::Seconds(5));
  EXPECT_TRUE(a_->leads() || b_->leads());
}

TEST_F(ReplicaTest, DoesNotLeadOnASchemaThatItDoesNotKnow) {
  Pass(absl::Seconds(1));
  tables_.newest_breaking = 2;
  a_->Yield();
  Pass(absl::Seconds(20));
  EXPECT_FALSE(b_->leads());
}

TEST_F(ReplicaTest, TellsThatNobodyIsKnownToLead) {
  b_runs_ = false;
  Pass(absl::Seconds(1));
  b_runs_ = true;
  tables_.newest_breaking = 2;
  Pass(absl::Seconds(1));
  EXPECT_EQ(b_.follows.server_id, "a");
  a_runs_ = false;
  Pass(absl::Seconds(6));
  EXPECT_EQ(b_.follows.server_id, "");
}

TEST_F(ReplicaTest, FollowsOnWhileTheDatabaseIsAway) {
  Pass(absl::Seconds(1));
  tables_.away = true;
  Pass(absl::Seconds(10));
  EXPECT_TRUE(a_->leads());
  EXPECT_FALSE(a_->MayDeliver());
  EXPECT_EQ(b_.follows.server_id, "a");
  tables_.away = false;
  tables_.lock.clear();
  Pass(absl::Seconds(1));
  EXPECT_NE(a_->leads(), b_->leads());
}

TEST_F(ReplicaTest, KnowsThatAnotherTimelineMayLackWhatTheLastLeaderDid) {
  Pass(absl::Seconds(1));
  EXPECT_FALSE(a_.timeline_changed);
  a_->Yield();
  Pass(absl::Seconds(1));
  EXPECT_FALSE(b_.timeline_changed);
  tables_.timeline = "00000002";
  b_->Deposed();
  Pass(absl::Seconds(1));
  EXPECT_TRUE(b_->leads());
  EXPECT_TRUE(b_.timeline_changed);
}

TEST_F(ReplicaTest, GivesUpALeadershipThatItCannotBegin) {
  b_runs_ = false;
  a_.begins = absl::UnavailableError("no connections left");
  Pass(absl::Seconds(1));
  EXPECT_FALSE(a_->leads());
  EXPECT_EQ(a_.ended, a_.led.size());
  b_runs_ = true;
  a_runs_ = false;
  Pass(absl::Seconds(1));
  EXPECT_TRUE(b_->leads());
}

}  // namespace
}  // namespace leasehold::cluster
