#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/time/clock.h"
#include "server/base/errors.h"
#include "server/rpc/convert_executor_frame.h"
#include "server/rpc/convert_outcome.h"
#include "server/rpc/convert_server_frame.h"
#include "server/rpc/jobs_message.h"
#include "server/rpc/limits.h"

namespace leasehold::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

LeaseToken MakeToken(JobId job) {
  return {.fencing_number = 77, .job_id = job, .activation = 2, .secret = 99};
}

v1::LeaseJobsRequest MakeOpen() {
  v1::LeaseJobsRequest frame;
  frame.mutable_open()->set_executor_name("host");
  frame.mutable_open()->add_tasks("mail");
  frame.mutable_open()->mutable_window()->set_jobs(10);
  return frame;
}

TEST(OpenFrameTest, CarriesEveryField) {
  v1::LeaseJobsRequest frame = MakeOpen();
  auto& open = *frame.mutable_open();
  open.set_session_id("s-1");
  open.add_held_tokens(MakeToken(1).Encode());
  open.add_held_tokens("nobody's");
  open.add_forbidden_flags("gpu");
  open.mutable_window()->set_bytes(1000);
  open.set_once(true);
  open.set_epoch(9);

  const auto converted = OpenFromProto(frame);

  ASSERT_TRUE(converted.ok()) << converted.status();
  EXPECT_EQ(converted->executor_name, "host");
  EXPECT_EQ(converted->session_id, "s-1");
  EXPECT_THAT(converted->held, ElementsAre(MakeToken(1)));
  EXPECT_THAT(converted->unreadable_tokens, ElementsAre("nobody's"));
  EXPECT_THAT(converted->tasks, ElementsAre("mail"));
  EXPECT_THAT(converted->forbidden_flags, ElementsAre("gpu"));
  EXPECT_EQ(converted->window.jobs, 10);
  EXPECT_EQ(converted->window.bytes, 1000);
  EXPECT_TRUE(converted->once);
  EXPECT_EQ(converted->epoch, 9);
}

TEST(OpenFrameTest, NamesEveryViolation) {
  v1::LeaseJobsRequest frame;
  auto& open = *frame.mutable_open();
  open.mutable_window()->set_jobs(kMaxWindowJobs + 1);
  open.mutable_window()->set_bytes(-1);
  open.add_forbidden_flags("");
  open.set_session_id(std::string(129, 'x'));

  const absl::Status status = OpenFromProto(frame).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const char* fault : {"open.executor_name must have", "open.tasks must have",
                            "open.window.jobs must be 0 to 100000, not 100001",
                            "open.window.bytes must not be negative",
                            "open.forbidden_flags[0] must have", "open.session_id must have"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(fault));
  }
}

TEST(OpenFrameTest, BoundsTheBytesOfAWindow) {
  v1::LeaseJobsRequest frame = MakeOpen();
  EXPECT_EQ(OpenFromProto(frame)->window.bytes, 4 << 20);

  frame = MakeOpen();
  frame.mutable_open()->mutable_window()->set_bytes(int64_t{1} << 60);
  EXPECT_EQ(OpenFromProto(frame)->window.bytes, kMaxWindowBytes);
}

TEST(ExecutorFrameTest, RefusesASecondOpen) {
  v1::LeaseJobsRequest frame = MakeOpen();
  const absl::Status status = FrameFromProto(frame, 1024).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "PROTOCOL_BREACH");
}

TEST(ExecutorFrameTest, RefusesAnyOtherFirstFrame) {
  v1::LeaseJobsRequest frame;
  frame.mutable_heartbeat();
  EXPECT_EQ(ReasonOf(OpenFromProto(frame).status()), "PROTOCOL_BREACH");
}

TEST(ExecutorFrameTest, TakesAFrameOfAnUnknownKindForAHeartbeat) {
  v1::LeaseJobsRequest frame;
  ASSERT_TRUE(frame.ParseFromString("\xA2\x06\x01x"));  // field 100
  frame.set_received_sequence(4);

  const auto converted = FrameFromProto(frame, 1024);

  ASSERT_TRUE(converted.ok());
  EXPECT_TRUE(std::holds_alternative<queue::HeartbeatFrame>(converted->frame));
  EXPECT_EQ(converted->received_sequence, 4);
}

TEST(ExecutorFrameTest, RefusesNegativeSequences) {
  v1::LeaseJobsRequest frame;
  frame.set_received_sequence(-1);
  frame.mutable_outcomes()->set_sequence(-1);

  const absl::Status status = FrameFromProto(frame, 1024).status();

  EXPECT_EQ(status.message(),
            "received_sequence must not be negative; outcomes.sequence must not be negative");
}

TEST(ExecutorFrameTest, LimitsTheOutcomesOfAFrame) {
  v1::LeaseJobsRequest frame;
  for (int i = 0; i <= kMaxOutcomesPerFrame; ++i) frame.mutable_outcomes()->add_outcomes();
  EXPECT_EQ(FrameFromProto(frame, 1024).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ExecutorFrameTest, IgnoresStartedAndReleasedTokensThatAreNobodys) {
  v1::LeaseJobsRequest frame;
  frame.mutable_started()->add_lease_tokens("nobody's");
  frame.mutable_started()->add_lease_tokens(MakeToken(5).Encode());
  const auto started = FrameFromProto(frame, 1024);
  ASSERT_TRUE(started.ok());
  EXPECT_THAT(std::get<queue::StartedFrame>(started->frame).tokens, ElementsAre(MakeToken(5)));

  frame.mutable_release()->add_lease_tokens("nobody's");
  const auto released = FrameFromProto(frame, 1024);
  ASSERT_TRUE(released.ok());
  EXPECT_THAT(std::get<queue::ReleaseFrame>(released->frame).tokens, SizeIs(0));
}

TEST(OutcomesFrameTest, SeparatesWhatCannotBeRecorded) {
  v1::LeaseJobsRequest frame;
  auto& outcomes = *frame.mutable_outcomes();
  outcomes.set_sequence(3);
  const auto add = [&outcomes](const std::string& token) {
    v1::Outcome* outcome = outcomes.add_outcomes();
    outcome->set_lease_token(token);
    return outcome;
  };
  add(MakeToken(1).Encode())->mutable_complete();
  add("nobody's")->mutable_complete();
  add(MakeToken(2).Encode());
  add(MakeToken(3).Encode())->mutable_fail()->mutable_retry_after()->set_seconds(-1);
  add(MakeToken(4).Encode())->mutable_fail()->set_payload("{");
  add(MakeToken(5).Encode())->mutable_release()->mutable_delay()->set_seconds(1LL << 40);

  const auto converted = FrameFromProto(frame, 1024);

  ASSERT_TRUE(converted.ok());
  const auto& read = std::get<queue::OutcomesFrame>(converted->frame);
  using Reason = queue::OutcomeProblem::Reason;
  EXPECT_EQ(read.sequence, 3);
  EXPECT_THAT(read.outcomes, SizeIs(1));
  std::vector<std::pair<std::string, Reason>> problems;
  for (const auto& problem : read.problems) problems.emplace_back(problem.token, problem.reason);
  EXPECT_THAT(problems, UnorderedElementsAre(Pair("nobody's", Reason::kInvalidToken),
                                             Pair(MakeToken(2).Encode(), Reason::kInvalidOutcome),
                                             Pair(MakeToken(3).Encode(), Reason::kInvalidOutcome),
                                             Pair(MakeToken(4).Encode(), Reason::kInvalidOutcome),
                                             Pair(MakeToken(5).Encode(), Reason::kInvalidOutcome)));
}

TEST(OutcomesFrameTest, CutsALongErrorOnACharacter) {
  v1::Outcome outcome;
  outcome.set_lease_token(MakeToken(1).Encode());
  std::string error = "x";
  while (error.size() < 2 * kMaxErrorBytes) error += "é";
  outcome.mutable_fail()->set_error(error);

  const OutcomeOrProblem converted = FromProto(outcome, 1024);

  EXPECT_EQ(std::get<Outcome>(converted).error, error.substr(0, kMaxErrorBytes - 1));
}

TEST(OutcomesFrameTest, KeepsAnErrorThatHoldsNul) {
  v1::Outcome outcome;
  outcome.set_lease_token(MakeToken(1).Encode());
  outcome.mutable_fail()->set_error(std::string("a\0b", 3));
  outcome.mutable_fail()->set_permanent(true);
  outcome.mutable_fail()->mutable_retry_after()->set_seconds(5);

  const OutcomeOrProblem converted = FromProto(outcome, 1024);

  const Outcome& fail = std::get<Outcome>(converted);
  EXPECT_EQ(fail.error, "a b");
  EXPECT_TRUE(fail.permanent);
  EXPECT_EQ(fail.delay, absl::Seconds(5));
}

TEST(OutcomesFrameTest, NeverAnswersMoreThanItWasAsked) {
  v1::Outcome outcome;
  outcome.set_lease_token(std::string(1 << 20, 'x'));
  outcome.mutable_complete();
  const OutcomeOrProblem converted = FromProto(outcome, 1024);
  EXPECT_LE(std::get<queue::OutcomeProblem>(converted).token.size(), 128);
}

TEST(LeaseTokenTest, HasTheTextThatExecutorsHold) {
  const LeaseToken token{0x0102030405060708, -2, 3, 0xfffefdfcfbfaf9f8};

  EXPECT_EQ(token.Encode(), "AQIDBAUGBwj__________gAAAAP__v38-_r5-A");
  EXPECT_EQ(LeaseToken::Parse(token.Encode()), token);
}

TEST(LeaseTokenTest, IsNoOtherText) {
  const std::string text = MakeToken(8).Encode();
  EXPECT_FALSE(LeaseToken::Parse("").has_value());
  EXPECT_FALSE(LeaseToken::Parse(text.substr(1)).has_value());
  EXPECT_FALSE(LeaseToken::Parse(text + "A").has_value());
  EXPECT_FALSE(LeaseToken::Parse("*" + text.substr(1)).has_value());
  // Bits beyond the last byte.
  EXPECT_FALSE(LeaseToken::Parse(text.substr(0, text.size() - 1) + "_").has_value());
}

// As a client reads the bytes.
v1::LeaseJobsResponse Received(const queue::JobsFrame& frame, uint64_t epoch) {
  const JobsMessage message(frame, epoch);
  std::string bytes(message.size(), ' ');
  message.WriteTo(reinterpret_cast<uint8_t*>(bytes.data()));
  v1::LeaseJobsResponse proto;
  EXPECT_TRUE(proto.ParseFromString(bytes));
  // Nothing but what the message knows, in as few bytes.
  EXPECT_EQ(proto.ByteSizeLong(), bytes.size());
  return proto;
}

TEST(ServerFrameTest, CarriesManyJobsInTheirOrder) {
  queue::JobsFrame jobs{.sequence = 300, .jobs = {}};
  for (int i = 1; i <= 500; ++i) {
    queue::LeasedJob& leased = jobs.jobs.emplace_back();
    leased.token = MakeToken(i);
    leased.job.id = i;
    leased.job.task = "mail";
    leased.job.payload = std::string(static_cast<size_t>(i), 'x');
    leased.job.metadata = i % 2 == 0 ? R"({"n":"1"})" : "{}";
  }

  const v1::LeaseJobsResponse proto = Received(jobs, uint64_t{1} << 40);

  EXPECT_EQ(proto.epoch(), uint64_t{1} << 40);
  EXPECT_EQ(proto.jobs().sequence(), 300);
  ASSERT_EQ(proto.jobs().jobs_size(), 500);
  for (int i = 1; i <= 500; ++i) {
    const v1::LeasedJob& job = proto.jobs().jobs(i - 1);
    EXPECT_EQ(job.id(), std::to_string(i));
    EXPECT_EQ(job.payload().size(), static_cast<size_t>(i));
    EXPECT_EQ(job.metadata().size(), i % 2 == 0 ? 1U : 0U);
    EXPECT_EQ(LeaseToken::Parse(job.lease_token()), MakeToken(i));
  }
}

TEST(ServerFrameTest, CarriesALeasedJob) {
  queue::LeasedJob leased;
  leased.token = MakeToken(8);
  leased.attempt = 3;
  leased.job.id = 8;
  leased.job.task = "mail";
  leased.job.payload = "[1]";
  leased.job.queue_name = "q";
  leased.job.key = "k";
  leased.job.flags = {"gpu"};
  leased.job.metadata = R"({"traceparent":"00-1","bad":7})";
  leased.job.priority = -3;
  leased.job.max_attempts = 30'000;
  leased.job.run_at = absl::FromUnixMicros(1'500'000);
  leased.job.created_at = absl::FromUnixMicros(-250'000);
  const queue::JobsFrame jobs{.sequence = 2, .jobs = {leased}};

  const v1::LeaseJobsResponse proto = Received(jobs, 4);

  EXPECT_EQ(proto.epoch(), 4);
  EXPECT_EQ(proto.jobs().sequence(), 2);
  ASSERT_EQ(proto.jobs().jobs_size(), 1);
  const v1::LeasedJob& job = proto.jobs().jobs(0);
  EXPECT_EQ(job.lease_token(), MakeToken(8).Encode());
  EXPECT_EQ(job.fencing_number(), 77);
  EXPECT_EQ(job.id(), "8");
  EXPECT_EQ(job.payload(), "[1]");
  EXPECT_EQ(job.attempt(), 3);
  EXPECT_EQ(job.queue_name(), "q");
  EXPECT_EQ(job.key(), "k");
  EXPECT_EQ(job.task(), "mail");
  EXPECT_EQ(job.priority(), -3);
  EXPECT_EQ(job.max_attempts(), 30'000);
  ASSERT_EQ(job.flags_size(), 1);
  EXPECT_EQ(job.flags(0), "gpu");
  EXPECT_EQ(job.run_at().seconds(), 1);
  EXPECT_EQ(job.run_at().nanos(), 500'000'000);
  EXPECT_EQ(job.created_at().seconds(), -1);
  EXPECT_EQ(job.created_at().nanos(), 750'000'000);
  EXPECT_EQ(job.metadata().size(), 1);
  EXPECT_EQ(job.metadata().at("traceparent"), "00-1");
}

TEST(ServerFrameTest, TellsTheTermsInOpened) {
  SessionTerms terms;
  terms.heartbeat_interval = absl::Milliseconds(1500);
  terms.payload_limit = 5;
  terms.server_version = "1.2";
  queue::ServerFrame frame;
  frame.frame = queue::OpenedFrame{.session_id = "s",
                                   .executor_id = "e",
                                   .resumed_tokens = {"a"},
                                   .lost_tokens = {"b"},
                                   .resumed = true};

  const v1::LeaseJobsResponse proto = ToProto(frame, terms);

  const auto& opened = proto.opened();
  EXPECT_EQ(opened.session_id(), "s");
  EXPECT_EQ(opened.executor_id(), "e");
  EXPECT_THAT(opened.resumed_tokens(), ElementsAre("a"));
  EXPECT_THAT(opened.lost_tokens(), ElementsAre("b"));
  EXPECT_TRUE(opened.resumed());
  EXPECT_EQ(opened.heartbeat_interval().seconds(), 1);
  EXPECT_EQ(opened.heartbeat_interval().nanos(), 500'000'000);
  EXPECT_EQ(opened.payload_limit(), 5);
  EXPECT_EQ(opened.frame_limit(), 4 << 20);
  EXPECT_EQ(opened.server_version(), "1.2");
}

TEST(ServerFrameTest, TellsALimitThatTheLargestPayloadFitsInto) {
  SessionTerms terms;
  terms.payload_limit = 64 << 20;
  queue::ServerFrame frame;
  frame.frame = queue::OpenedFrame{};
  EXPECT_GT(ToProto(frame, terms).opened().frame_limit(), 64 << 20);
}

TEST(ServerFrameTest, CarriesTheOtherKinds) {
  const auto convert = [](auto body) {
    queue::ServerFrame frame;
    frame.frame = std::move(body);
    return ToProto(frame, {});
  };
  EXPECT_TRUE(convert(queue::ServerHeartbeatFrame{.reply = true}).heartbeat().reply());
  EXPECT_TRUE(convert(queue::IdleFrame{}).has_idle());
  EXPECT_EQ(convert(queue::RecallFrame{{MakeToken(1)}}).recall().lease_tokens(0),
            MakeToken(1).Encode());
  EXPECT_EQ(convert(queue::CancelFrame{{MakeToken(1)}, "why"}).cancel().reason(), "why");
  EXPECT_EQ(convert(queue::RevokeFrame{{MakeToken(1)}, "why"}).revoke().reason(), "why");
  EXPECT_TRUE(convert(queue::HandoverFrame{absl::Now()}).handover().has_leases_safe_until());
  const auto recorded = convert(queue::RecordedFrame{
      .sequence = 5, .problems = {{"t", queue::OutcomeProblem::Reason::kLeaseLost, "gone"}}});
  EXPECT_EQ(recorded.recorded().sequence(), 5);
  EXPECT_EQ(recorded.recorded().results(0).code(), 9);
  EXPECT_EQ(recorded.recorded().results(0).reason(), "LEASE_LOST");
}

}  // namespace
}  // namespace leasehold::rpc
