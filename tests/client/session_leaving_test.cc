#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/machine_fixture.h"

// The session's rules for stopping, and for the errors that end it.
namespace leasehold::client {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ALeavingSession : public MachineFixture {
 protected:
  void Stop() {
    machine().Stop(now_);
    Perform();
  }
  void ExpectEnd(absl::StatusCode code) {
    ASSERT_TRUE(ended_.has_value());
    EXPECT_EQ(ended_->code(), code) << *ended_;
  }
};

TEST_F(ALeavingSession, TakesNoMoreGivesBackWhatHasNotStartedAndCancelsWhatRuns) {
  Open();
  DeliverJobs({"1", "2", "3", "4"});
  Begin("1");
  Sent();
  Stop();
  // 2 was announced as started, but no handler has taken it.
  EXPECT_THAT(Sent(), ElementsAre("window 0", "drain", "release t3 t4", "outcomes #1 t2:release"));
  EXPECT_TRUE(Cancelled("1"));
  EXPECT_THAT(Offered(), IsEmpty());
  EXPECT_FALSE(ended_.has_value());
}

TEST_F(ALeavingSession, EndsWhenTheLastOutcomeIsRecorded) {
  Open();
  DeliverJobs({"1"});
  Begin("1");
  Stop();
  Finish("1");
  EXPECT_FALSE(closed_);
  DeliverRecorded(1);
  EXPECT_TRUE(closed_);
  EXPECT_FALSE(ended_.has_value());
  EndStream(absl::OkStatus());
  ExpectEnd(absl::StatusCode::kOk);
}

TEST_F(ALeavingSession, DoesNotWaitLongForTheServerToEndTheStream) {
  Open();
  Stop();
  EXPECT_TRUE(closed_);
  PassToNextTick();
  ExpectEnd(absl::StatusCode::kOk);
  EXPECT_THAT(cancelled_streams_, ElementsAre(1));
}

TEST_F(ALeavingSession, GivesBackJobsThatCrossItsLastWindow) {
  Open();
  DeliverJobs({"1"});
  Begin("1");
  Stop();
  Sent();
  DeliverJobs({"2"});
  EXPECT_THAT(Sent(), ElementsAre("release t2"));
}

TEST_F(ALeavingSession, EndsAtOnceWhenItHoldsNothingAndHasNoStream) {
  Open();
  EndStream();
  Stop();
  ExpectEnd(absl::StatusCode::kOk);
}

TEST_F(ALeavingSession, EndsAtOnceWhenNoServerHasAnsweredYet) {
  Start();
  Stop();
  ExpectEnd(absl::StatusCode::kOk);
  EXPECT_THAT(cancelled_streams_, ElementsAre(1));
}

TEST_F(ALeavingSession, ReconnectsForOutcomesThatAreNotRecorded) {
  Open();
  DeliverJobs({"1"});
  RunThrough({"1"});
  EndStream();
  Stop();
  EXPECT_FALSE(ended_.has_value());
  PassToNextTick();
  EXPECT_EQ(open_.window().jobs(), 0);
  Sent();
  Deliver(Resumed({"t1"}));
  EXPECT_THAT(Sent(), ElementsAre("drain", "outcomes #1 t1:complete"));
  DeliverRecorded(1);
  EndStream(absl::OkStatus());
  ExpectEnd(absl::StatusCode::kOk);
}

TEST_F(ALeavingSession, GivesBackWhatStillRunsAfterTheGracePeriod) {
  Open();
  DeliverJobs({"1"});
  Begin("1");
  Stop();
  Sent();
  for (int i = 0; i < 6; ++i) {
    v1::LeaseJobsResponse heartbeat;
    heartbeat.mutable_heartbeat();
    Deliver(heartbeat);
    Pass(absl::Seconds(5));
  }
  EXPECT_THAT(Sent(), Contains("outcomes #1 t1:release+30s"));
  DeliverRecorded(1);
  EndStream(absl::OkStatus());
  ExpectEnd(absl::StatusCode::kDeadlineExceeded);
}

TEST_F(ALeavingSession, LogsResultsThatCouldNotBeRecordedInTime) {
  Open();
  DeliverJobs({"1"});
  RunThrough({"1"});
  EndStream();
  Stop();
  while (!ended_.has_value()) {
    PassToNextTick();
    if (!ended_.has_value()) EndStream();
  }
  ExpectEnd(absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(Logged(), Contains(HasSubstr("[1] its result is lost: it was not recorded in time")));
}

TEST_F(ALeavingSession, EndsInOnceModeWhenTheServerHasNothingLeft) {
  SessionOptions options = Options();
  options.once = true;
  Open(options);
  EXPECT_TRUE(open_.once());
  DeliverJobs({"1"});
  RunThrough({"1"});
  DeliverRecorded(1);
  EXPECT_FALSE(closed_);
  v1::LeaseJobsResponse idle;
  idle.mutable_idle();
  Deliver(idle);
  EXPECT_TRUE(closed_);
  EndStream(absl::OkStatus());
  ExpectEnd(absl::StatusCode::kOk);
}

TEST_F(ALeavingSession, EndsWhenTheServerFindsItInvalid) {
  Open();
  DeliverJobs({"1", "2", "3"});
  Begin("1");
  EndStream(absl::InvalidArgumentError("tasks: must not be empty"));
  EXPECT_TRUE(Cancelled("1"));
  EXPECT_FALSE(ended_.has_value());
  Finish("1");
  ExpectEnd(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Logged(), Contains(HasSubstr("[1] the lease is lost; its result does not count")));
}

TEST_F(ALeavingSession, EndsWhenItsCredentialsAreRefusedFromTheFirst) {
  Start();
  EndStream(absl::UnauthenticatedError("who are you?"));
  ExpectEnd(absl::StatusCode::kUnauthenticated);
}

TEST_F(ALeavingSession, ReconnectsWhenItsCredentialsAreRefusedLater) {
  Open();
  EndStream(absl::UnauthenticatedError("rotated"));
  EXPECT_FALSE(ended_.has_value());
  PassToNextTick();
  EXPECT_EQ(streams_opened_, 2);
}

TEST_F(ALeavingSession, GivesUpWhenNoServerAnswersForTheTimeGiven) {
  SessionOptions options = Options();
  options.give_up_after = absl::Seconds(20);
  Start(options);
  while (!ended_.has_value()) {
    PassToNextTick();
    if (!ended_.has_value()) EndStream();
  }
  ExpectEnd(absl::StatusCode::kUnavailable);
  EXPECT_EQ(now_, absl::UnixEpoch() + absl::Hours(1) + absl::Seconds(20));
}

}  // namespace
}  // namespace leasehold::client
