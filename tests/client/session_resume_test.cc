#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/machine_fixture.h"

// The session's rules for streams that break, servers that change and leases that are lost
// meanwhile.
namespace leasehold::client {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

SessionOptions TwoAddresses() {
  SessionOptions options = MachineFixture::Options();
  options.addresses = {"one:1", "two:2"};
  return options;
}

class AResumedSession : public MachineFixture {
 protected:
  void BreakAndReconnect() {
    EndStream();
    PassToNextTick();
    Sent();
    Logged();
  }
};

TEST_F(AResumedSession, NamesWhatRunsWhatWaitsAndWhatIsNotRecorded) {
  Open();
  DeliverJobs({"1", "2", "3", "4"});
  RunThrough({"1"});
  Begin("2");
  BreakAndReconnect();
  EXPECT_EQ(open_.session_id(), "session 1");
  EXPECT_THAT(open_.held_tokens(), ElementsAre("t1", "t2", "t3", "t4"));
}

TEST_F(AResumedSession, DoesNotNameWhatIsRecordedOrGivenBack) {
  Open();
  DeliverJobs({"1", "2", "3", "4"});
  RunThrough({"1"});
  DeliverRecorded(1);
  v1::LeaseJobsResponse recall;
  recall.mutable_recall()->add_lease_tokens("t4");
  Deliver(recall);
  BreakAndReconnect();
  EXPECT_THAT(open_.held_tokens(), ElementsAre("t2", "t3"));
}

TEST_F(AResumedSession, StartsNoHandlerUntilTheServerHasSaidWhatGoesOn) {
  Open();
  DeliverJobs({"1", "2", "3"});
  Begin("1");
  EndStream();
  EXPECT_THAT(Offered(), IsEmpty());
  PassToNextTick();
  EXPECT_THAT(Offered(), IsEmpty());
  Sent();
  Deliver(Resumed({"t1", "t2", "t3"}));
  EXPECT_THAT(Offered(), ElementsAre("2"));
  // Another leader may not know what runs.
  EXPECT_THAT(Sent(), ElementsAre("started t1 t2"));
}

TEST_F(AResumedSession, SendsWhatIsNotRecordedAgainUnderItsOldSequence) {
  Open();
  DeliverJobs({"1", "2"});
  RunThrough({"1"});
  EXPECT_THAT(Sent(), ElementsAre("started t1 t2", "outcomes #1 t1:complete"));
  Begin("2");
  BreakAndReconnect();
  Finish("2");
  EXPECT_THAT(Sent(), IsEmpty());
  Deliver(Resumed({"t1", "t2"}));
  EXPECT_THAT(Sent(), ElementsAre("outcomes #1 t1:complete", "outcomes #2 t2:complete"));
  DeliverRecorded(1);
  DeliverRecorded(2);
  BreakAndReconnect();
  EXPECT_THAT(open_.held_tokens(), IsEmpty());
  Deliver(Resumed({}));
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(AResumedSession, NumbersItsOutcomesFromOneInANewSession) {
  Open();
  DeliverJobs({"1", "2"});
  RunThrough({"1"});
  DeliverRecorded(1);
  RunThrough({"2"});
  EXPECT_THAT(Sent(), Contains("outcomes #2 t2:complete"));
  BreakAndReconnect();
  Deliver(Opened({"t2"}));
  EXPECT_THAT(Sent(), ElementsAre("outcomes #1 t2:complete"));
}

TEST_F(AResumedSession, CancelsWhatWasLostAndForgetsWhatHadNotStarted) {
  Open();
  DeliverJobs({"1", "2", "3"});
  Begin("1");
  Begin("2");
  BreakAndReconnect();
  Deliver(Resumed({"t2"}, {"t1", "t3"}));
  EXPECT_TRUE(Cancelled("1"));
  EXPECT_FALSE(Cancelled("2"));
  EXPECT_THAT(Logged(), Contains(HasSubstr("[3] taken back before it started")));
  Finish("1");
  EXPECT_THAT(Logged(), Contains(HasSubstr("[1] the lease is lost; its result does not count")));
  Finish("2");
  EXPECT_THAT(Sent(), ElementsAre("started t2", "outcomes #1 t2:complete"));
  EXPECT_THAT(Offered(), IsEmpty());
}

TEST_F(AResumedSession, RunsNoLeaseTwiceThatIsDeliveredAgain) {
  Open();
  DeliverJobs({"1", "2", "3"});
  RunThrough({"1"});
  Begin("2");
  BreakAndReconnect();
  Deliver(Resumed({"t1", "t2", "t3"}));
  Sent();
  DeliverJobs({"1", "2", "3", "4"});
  Finish("2");
  EXPECT_THAT(Offered(), ElementsAre("3", "4"));
  RunThrough({"3"});
  RunThrough({"4"});
  EXPECT_THAT(Offered(), IsEmpty());
}

TEST_F(AResumedSession, LogsAnOutcomeThatWasNeverSentWhenItsLeaseIsLost) {
  Open();
  DeliverJobs({"1"});
  Begin("1");
  EndStream();
  Finish("1");
  PassToNextTick();
  Logged();
  Deliver(Resumed({}, {"t1"}));
  EXPECT_THAT(Logged(), Contains(HasSubstr("[1] the lease was lost while the stream was broken; "
                                           "its result does not count: complete")));
  EXPECT_THAT(Sent(), Not(Contains(StartsWith("outcomes"))));
}

TEST_F(AResumedSession, AsksAgainAboutAnOutcomeThatMayHaveBeenRecorded) {
  Open();
  DeliverJobs({"1"});
  RunThrough({"1"});
  BreakAndReconnect();
  Deliver(Resumed({}, {"t1"}));
  EXPECT_THAT(Sent(), ElementsAre("outcomes #1 t1:complete"));
  DeliverRecorded(1);
  EXPECT_THAT(Logged(), Not(Contains(HasSubstr("[1]"))));
}

TEST_F(AResumedSession, OpensANewSessionWhenAnotherStreamHasTakenTheOld) {
  Open();
  DeliverJobs({"1"});
  Begin("1");
  EndStream(absl::AbortedError("resumed elsewhere"));
  PassToNextTick();
  EXPECT_EQ(open_.session_id(), "");
  EXPECT_THAT(open_.held_tokens(), ElementsAre("t1"));
}

TEST_F(AResumedSession, DropsFramesOfAReplacedStream) {
  Open();
  const StreamId old = stream_;
  BreakAndReconnect();
  Deliver(Resumed({}));
  v1::LeaseJobsResponse ask;
  ask.mutable_heartbeat()->set_reply(true);
  DeliverTo(old, ask);
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(AResumedSession, DropsFramesOfAnEpochLowerThanOneSeen) {
  Open();
  DeliverJobs({"1"}, /*epoch=*/7);
  DeliverJobs({"2"}, /*epoch=*/6);
  EXPECT_THAT(Offered(), ElementsAre("1"));
}

TEST_F(AResumedSession, LeavesAServerThatFollowsALeaderOfThePast) {
  Open(TwoAddresses());
  DeliverJobs({"1"}, /*epoch=*/7);
  BreakAndReconnect();
  EXPECT_EQ(open_.epoch(), 7);
  v1::LeaseJobsResponse opened = Resumed({"t1"});
  opened.set_epoch(6);
  const std::string address = address_;
  Deliver(opened);
  EXPECT_THAT(cancelled_streams_, Contains(stream_));
  EXPECT_THAT(Offered(), IsEmpty());
  PassToNextTick();
  EXPECT_NE(address_, address);
}

TEST_F(AResumedSession, TriesAnotherAddressAfterTwoSilentHeartbeatIntervals) {
  Open(TwoAddresses());
  DeliverJobs({"1"});
  Begin("1");
  Pass(absl::Seconds(9.9));
  EXPECT_EQ(streams_opened_, 1);
  Pass(absl::Seconds(0.2));
  EXPECT_EQ(streams_opened_, 2);
  EXPECT_EQ(address_, "two:2");
  EXPECT_THAT(cancelled_streams_, ElementsAre(1));
  EXPECT_FALSE(Cancelled("1"));
}

TEST_F(AResumedSession, TriesTheReplicasThatTheServerNamed) {
  Start();
  v1::LeaseJobsResponse opened = Opened();
  opened.mutable_opened()->add_addresses("three:3");
  Deliver(opened);
  BreakAndReconnect();
  EXPECT_EQ(address_, "three:3");
}

TEST_F(AResumedSession, MovesAtOnceOnHandoverAndKeepsItsHandlersRunning) {
  Open();
  DeliverJobs({"1"});
  Begin("1");
  Pass(absl::Seconds(2));
  v1::LeaseJobsResponse handover;
  handover.mutable_handover()->add_addresses("new:1");
  Deliver(handover);
  EXPECT_EQ(streams_opened_, 2);
  EXPECT_EQ(address_, "new:1");
  EXPECT_THAT(open_.held_tokens(), ElementsAre("t1"));
  EXPECT_FALSE(Cancelled("1"));
}

TEST_F(AResumedSession, DoesNotRunInCirclesBetweenServersThatHandOver) {
  Open();
  v1::LeaseJobsResponse handover;
  handover.mutable_handover();
  Deliver(handover);
  EXPECT_EQ(streams_opened_, 1);
  PassToNextTick();
  EXPECT_EQ(streams_opened_, 2);
}

TEST_F(AResumedSession, WaitsARandomPartOfADoublingBound) {
  Start();
  std::vector<double> waits;
  for (int i = 0; i < 8; ++i) {
    EndStream();
    waits.push_back(absl::ToDoubleSeconds(machine().NextTick() - now_));
    PassToNextTick();
  }
  EXPECT_THAT(waits, ElementsAre(0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.5, 2.5));
  random_ = 0;
  EndStream();
  EXPECT_EQ(machine().NextTick(), now_);
}

TEST_F(AResumedSession, WaitsAtLeastAsLongAsTheServerAsks) {
  Start();
  EndStream(absl::ResourceExhaustedError("full"), absl::Seconds(3));
  EXPECT_GE(machine().NextTick(), now_ + absl::Seconds(3));
}

TEST_F(AResumedSession, BeginsAnewWithShortWaitsAfterAStreamThatLasted) {
  Open();
  for (int i = 0; i < 5; ++i) BreakAndReconnect();
  Deliver(Resumed({}));
  Pass(absl::Seconds(2));
  EndStream();
  EXPECT_LE(machine().NextTick(), now_ + absl::Milliseconds(100));
}

TEST_F(AResumedSession, GivesUpOnAnAddressThatDoesNotAnswer) {
  Start(TwoAddresses());
  Pass(absl::Seconds(10));
  EXPECT_THAT(cancelled_streams_, ElementsAre(1));
  PassToNextTick();
  EXPECT_EQ(address_, "two:2");
}

TEST_F(AResumedSession, WarnsOnlyOfTheSecondFailureInARow) {
  Open();
  Pass(absl::Seconds(2));
  Logged();
  EndStream();
  EXPECT_THAT(Logged(), ElementsAre(StartsWith("debug")));
  PassToNextTick();
  EndStream();
  EXPECT_THAT(Logged(), ElementsAre(StartsWith("warning")));
  PassToNextTick();
  EndStream();
  EXPECT_THAT(Logged(), Each(StartsWith("debug")));
  PassToNextTick();
  Deliver(Resumed({}));
  EXPECT_THAT(Logged(), ElementsAre(StartsWith("info connected")));
}

}  // namespace
}  // namespace leasehold::client
