#include "client/cpp/session_machine.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/machine_fixture.h"

// The session's rules for jobs, receipts and outcomes. The rules for broken streams and for leaving
// are in session_resume_test.cc and session_leaving_test.cc.
namespace leasehold::client {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ASession : public MachineFixture {};

TEST_F(ASession, OpensWithItsTasksAndAWindowOfItsHandlersAndThePrefetchedJobs) {
  SessionOptions options = Options();
  options.forbidden_flags = {"gpu"};
  Start(std::move(options));
  EXPECT_EQ(address_, "one:1");
  EXPECT_EQ(open_.executor_name(), "test");
  EXPECT_EQ(open_.session_id(), "");
  EXPECT_THAT(open_.tasks(), ElementsAre("hello"));
  EXPECT_THAT(open_.forbidden_flags(), ElementsAre("gpu"));
  EXPECT_EQ(open_.window().jobs(), 4);
  EXPECT_EQ(open_.sdk_name(), "leasehold-cpp");
}

TEST_F(ASession, SaysThatAJobStartsAndThatItCameBeforeItsHandlerBegins) {
  Open();
  DeliverJobs({"1"});
  EXPECT_THAT(Sent(), ElementsAre("started t1"));
  EXPECT_EQ(acknowledged(), 1);
  EXPECT_THAT(Offered(), ElementsAre("1"));
}

TEST_F(ASession, StartsNoHandlerBeforeTheReceiptCouldBeSent) {
  Open();
  hold_writes_ = true;
  DeliverJobs({"1"});
  DeliverJobs({"2"});
  EXPECT_THAT(Offered(), ElementsAre("1"));
  FinishWrite();
  EXPECT_THAT(Offered(), ElementsAre("1", "2"));
  EXPECT_THAT(Sent(), ElementsAre("started t1", "started t2"));
}

TEST_F(ASession, AcknowledgesWithin100MillisecondsWhenAllHandlersAreBusy) {
  Open();
  DeliverJobs({"1", "2"});
  Sent();
  DeliverJobs({"3"});
  EXPECT_THAT(Sent(), IsEmpty());
  Pass(absl::Milliseconds(99));
  EXPECT_THAT(Sent(), ElementsAre("heartbeat"));
  EXPECT_EQ(acknowledged(), 2);
}

TEST_F(ASession, AnswersAtOnceWhenTheServerMissesAReceipt) {
  Open();
  v1::LeaseJobsResponse frame;
  frame.mutable_heartbeat();
  Deliver(frame);
  EXPECT_THAT(Sent(), IsEmpty());
  frame.mutable_heartbeat()->set_reply(true);
  Deliver(frame);
  EXPECT_THAT(Sent(), ElementsAre("heartbeat"));
}

TEST_F(ASession, SendsAFrameInEachHeartbeatInterval) {
  Open();
  for (int i = 0; i < 3; ++i) {
    Pass(absl::Seconds(4.9));
    EXPECT_THAT(Sent(), ElementsAre("heartbeat"));
    Deliver([] {
      v1::LeaseJobsResponse frame;
      frame.mutable_heartbeat();
      return frame;
    }());
  }
}

TEST_F(ASession, LetsItsHeartbeatGoAlongWithTheServersWhenHalfTheIntervalIsOver) {
  Open();
  v1::LeaseJobsResponse frame;
  frame.mutable_heartbeat();
  Pass(absl::Seconds(2.4));
  Deliver(frame);
  EXPECT_THAT(Sent(), IsEmpty());
  Pass(absl::Seconds(0.2));
  Deliver(frame);
  EXPECT_THAT(Sent(), ElementsAre("heartbeat"));
}

TEST_F(ASession, GivesHandlersOnlyAnnouncedJobsBeforeItsFirstRecord) {
  Open();
  DeliverJobs({"1", "2", "3", "4"});
  EXPECT_THAT(Offered(), ElementsAre("1", "2"));
  Begin("1");
  Finish("1");
  EXPECT_THAT(Sent(), ElementsAre("started t1 t2", "outcomes #1 t1:complete", "started t3"));
  EXPECT_THAT(Offered(), ElementsAre("2", "3"));
}

TEST_F(ASession, GivesHandlersJobsAheadOnceOutcomesAreRecorded) {
  Open();
  DeliverJobs({"1", "2", "3", "4"});
  Begin("1");
  Finish("1");
  DeliverRecorded(1);
  EXPECT_THAT(Offered(), ElementsAre("2", "3", "4"));
  Sent();
  RunThrough({"2", "3"});
  Sent();
  // Nobody announced it: its start is told when it happens.
  Begin("4");
  EXPECT_THAT(Sent(), ElementsAre("started t4"));
}

TEST_F(ASession, SendsWhatEndedDuringAWriteInOneFrame) {
  Open();
  DeliverJobs({"1", "2"});
  Sent();
  hold_writes_ = true;
  v1::LeaseJobsResponse ask;
  ask.mutable_heartbeat()->set_reply(true);
  Deliver(ask);
  RunThrough({"1", "2"});
  EXPECT_THAT(Sent(), ElementsAre("heartbeat"));
  FinishWrite();
  EXPECT_THAT(Sent(), ElementsAre("outcomes #1 t1:complete t2:complete"));
}

TEST_F(ASession, TellsTheStartOfALongJobUnderAStreamOfOutcomes) {
  Open();
  DeliverJobs({"1", "2", "3", "4"});
  Begin("1");
  Finish("1");
  DeliverRecorded(1);
  Sent();
  hold_writes_ = true;
  Begin("2");
  Finish("2");
  Begin("3");
  Begin("4");
  Finish("3");
  FinishWrite();
  EXPECT_THAT(Sent(), ElementsAre("outcomes #2 t2:complete", "outcomes #3 t3:complete"));
  FinishWrite();
  EXPECT_THAT(Sent(), ElementsAre("started t4"));
}

TEST_F(ASession, SplitsOutcomesByTheServersFrameLimit) {
  Start();
  v1::LeaseJobsResponse opened = Opened();
  opened.mutable_opened()->set_frame_limit(200);
  Deliver(opened);
  DeliverJobs({"1", "2"});
  Sent();
  hold_writes_ = true;
  v1::LeaseJobsResponse ask;
  ask.mutable_heartbeat()->set_reply(true);
  Deliver(ask);
  Begin("1");
  Begin("2");
  Finish("1", std::string(80, 'e'));
  Finish("2", std::string(80, 'e'));
  FinishWrite();
  FinishWrite();
  EXPECT_THAT(Sent(), ElementsAre("heartbeat", "outcomes #1 t1:fail", "outcomes #2 t2:fail"));
}

TEST_F(ASession, LogsAResultThatTheServerRefusedBecauseTheLeaseIsLost) {
  Open();
  DeliverJobs({"1"});
  RunThrough({"1"});
  DeliverRecorded(1, "t1", "LEASE_LOST");
  EXPECT_THAT(Logged(), ElementsAre(HasSubstr("warning [1] its result does not count: complete")));
}

TEST_F(ASession, ReportsAFailureInsteadOfAResultThatTheServerCannotTake) {
  Open();
  DeliverJobs({"1"});
  Begin("1");
  Finish("1", "odd");
  Sent();
  DeliverRecorded(1, "t1", "INVALID_OUTCOME");
  EXPECT_THAT(Sent(), ElementsAre("outcomes #2 t1:fail"));
  DeliverRecorded(2, "t1", "INVALID_OUTCOME");
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(ASession, GivesBackRecalledJobsThatHaveNotStarted) {
  Open();
  DeliverJobs({"1", "2", "3", "4"});
  Begin("1");
  Begin("2");
  Finish("1");
  DeliverRecorded(1);
  Sent();
  // 3 is announced, 4 was handed ahead, neither has begun.
  ASSERT_THAT(Offered(), ElementsAre("3", "4"));
  v1::LeaseJobsResponse recall;
  for (const char* token : {"t2", "t3", "t4"}) recall.mutable_recall()->add_lease_tokens(token);
  Deliver(recall);
  EXPECT_THAT(Sent(), ElementsAre("release t4"));
  EXPECT_THAT(Offered(), ElementsAre("3"));
}

TEST_F(ASession, StopsARunThatSomebodyCancelledAndReportsItsOutcome) {
  Open();
  DeliverJobs({"1", "2", "3"});
  Begin("1");
  Begin("2");
  Sent();
  v1::LeaseJobsResponse cancel;
  cancel.mutable_cancel()->add_lease_tokens("t1");
  cancel.mutable_cancel()->add_lease_tokens("t3");
  Deliver(cancel);
  EXPECT_TRUE(Cancelled("1"));
  EXPECT_FALSE(Cancelled("2"));
  // One that has not started goes back.
  EXPECT_THAT(Sent(), ElementsAre("release t3"));
  Finish("1", "cancelled");
  EXPECT_THAT(Sent(), ElementsAre("outcomes #1 t1:fail"));
}

TEST_F(ASession, CancelsRevokedJobsAndNeverSendsTheirOutcomes) {
  Open();
  DeliverJobs({"1", "2", "3"});
  Begin("1");
  Begin("2");
  Sent();
  v1::LeaseJobsResponse revoke;
  revoke.mutable_revoke()->set_reason("swept");
  revoke.mutable_revoke()->add_lease_tokens("t1");
  revoke.mutable_revoke()->add_lease_tokens("t3");
  Deliver(revoke);
  EXPECT_TRUE(Cancelled("1"));
  Logged();
  Finish("1");
  EXPECT_THAT(Logged(), Contains(HasSubstr("warning [1] the lease is lost")));
  Finish("2");
  EXPECT_THAT(Sent(), ElementsAre("outcomes #1 t2:complete"));
  EXPECT_THAT(Offered(), IsEmpty());
}

TEST_F(ASession, KeepsAnUnstartedRevokedJobFromItsHandler) {
  Open();
  DeliverJobs({"1"});
  ASSERT_THAT(Offered(), ElementsAre("1"));
  v1::LeaseJobsResponse revoke;
  revoke.mutable_revoke()->add_lease_tokens("t1");
  Deliver(revoke);
  EXPECT_THAT(Offered(), IsEmpty());
}

TEST_F(ASession, LeavesOutANewPayloadThatIsOverTheServersLimit) {
  Start();
  v1::LeaseJobsResponse opened = Opened();
  opened.mutable_opened()->set_payload_limit(10);
  Deliver(opened);
  DeliverJobs({"1"});
  FinishedJob finished{.handle = 1, .outcome = {}};
  finished.outcome.set_lease_token("t1");
  finished.outcome.mutable_fail()->set_payload(std::string(11, ' '));
  std::vector<FinishedJob> all;
  all.push_back(std::move(finished));
  machine().OnHandlers({}, std::move(all), now_);
  bool sent = false;
  for (SessionAction& action : machine().TakeActions()) {
    const auto* write = std::get_if<WriteFrame>(&action);
    if (write == nullptr || !write->frame->has_outcomes()) continue;
    sent = true;
    const v1::Outcome::Fail& fail = write->frame->outcomes().outcomes(0).fail();
    EXPECT_FALSE(fail.has_payload());
    EXPECT_THAT(fail.error(), HasSubstr("over the limit of 10"));
  }
  EXPECT_TRUE(sent);
}

TEST_F(ASession, ResumesUnderANewListOfTasks) {
  Open();
  DeliverJobs({"1"});
  Begin("1");
  machine().SetTasks({"hello", "other"}, now_);
  Perform();
  EXPECT_EQ(streams_opened_, 2);
  EXPECT_THAT(open_.tasks(), ElementsAre("hello", "other"));
  EXPECT_THAT(open_.held_tokens(), ElementsAre("t1"));
  machine().SetTasks({"hello", "other"}, now_);
  Perform();
  EXPECT_EQ(streams_opened_, 2);
}

TEST_F(ASession, PausesWithoutATask) {
  Open();
  machine().SetTasks({}, now_);
  Perform();
  EXPECT_EQ(open_.window().jobs(), 0);
  EXPECT_THAT(open_.tasks(), ElementsAre("hello"));
  machine().SetTasks({"hello"}, now_);
  Perform();
  EXPECT_EQ(open_.window().jobs(), 4);
}

}  // namespace
}  // namespace leasehold::client
