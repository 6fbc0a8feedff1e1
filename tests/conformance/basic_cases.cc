#include <algorithm>
#include <string>

#include "absl/time/clock.h"
#include "tests/conformance/case.h"

// What the simplest executor does: one session, without resuming it.
namespace leasehold::conformance {
namespace {

class ABasicExecutor : public Case {};

TEST_F(ABasicExecutor, OpensWithItsNameItsTasksAndAWindow) {
  Rule("The session", "The first frame is `open`, with a name, every task and a window");
  Start({.concurrency = 3});
  const auto open = NextStream()->open();
  Expect(open.executor_name() == "conformance", "executor_name \"conformance\"");
  for (const std::string task : {"complete", "fail", "echo", "wait"}) {
    Expect(std::count(open.tasks().begin(), open.tasks().end(), task) == 1,
           "the task \"" + task + "\", once");
  }
  Expect(open.window().jobs() >= 3, "a window of at least the 3 handlers that run at once");
  Expect(open.session_id().empty(), "no session_id: there is no session yet");
  Expect(open.held_tokens().empty(), "no held tokens: nothing was leased yet");
}

TEST_F(ABasicExecutor, CompletesAJobWhoseHandlerReturns) {
  Rule("Outcomes", "A handler that returns completes its job");
  Start();
  const auto stream = NextSession();
  stream->SendJob({.id = "1", .task = "complete"});
  Expect(stream->AwaitOutcome("t1").has_complete(), "the outcome `complete`");
}

TEST_F(ABasicExecutor, FailsTheAttemptWithTheTextOfTheFailure) {
  Rule("Outcomes", "A handler that fails fails the attempt, with the failure's text");
  Start();
  const auto stream = NextSession();
  stream->SendJob({.id = "1", .task = "fail", .payload = R"({"error":"no such file"})"});
  const v1::Outcome outcome = stream->AwaitOutcome("t1");
  Expect(outcome.has_fail(), "the outcome `fail`");
  Expect(outcome.fail().error() == "no such file", "the error \"no such file\", as it was raised");
  Expect(!outcome.fail().permanent(), "`permanent` unset: it may be tried again");
  Expect(!outcome.fail().has_retry_after(), "`retry_after` unset: the server's back-off holds");
  Expect(!outcome.fail().has_payload(), "`payload` unset: the payload stays");
}

TEST_F(ABasicExecutor, HandsThePayloadOnByteForByte) {
  Rule("Producers", "The payload reaches its handler byte for byte");
  const std::string payload =
      R"( { "big" : 12345678901234567890.00000000000000000001 , "e":1.0E+2,)"
      R"( "text":"\u00e9 é 日本 \ud83d\ude00 😀 \/" , "twice":1, "twice":2, "none":[ ] } )";
  Start();
  const auto stream = NextSession();
  stream->SendJob({.id = "1", .task = "echo", .payload = payload});
  const v1::Outcome outcome = stream->AwaitOutcome("t1");
  Expect(outcome.fail().error() == payload, "the error is the payload: " + payload);
}

TEST_F(ABasicExecutor, NamesTheJobsWhoseHandlersBegin) {
  Rule("Started", "`started` names a job whose handler runs, while it runs");
  Start();
  const auto stream = NextSession();
  stream->SendJob(WaitJob("1"));
  stream->AwaitStarted("t1");
  Expect(!stream->Outcome("t1").has_value(), "`started` comes before the outcome");
  LetEnd("1");
  Expect(stream->AwaitOutcome("t1").has_complete(), "the outcome `complete`");
}

TEST_F(ABasicExecutor, AnswersAHeartbeatThatAsksForAReply) {
  Rule("Receipts", "A heartbeat with `reply` is answered by some frame at once");
  Start();
  const auto stream = NextSession();
  const size_t frames = stream->Frames().size();
  stream->SendHeartbeat(/*reply=*/true);
  // The interval is 30 s: nothing else is to be sent.
  stream->AwaitFrameAfter(frames, absl::Seconds(5));
}

TEST_F(ABasicExecutor, SendsSomeFrameInEachInterval) {
  Rule("Living", "Some frame comes at least every `heartbeat_interval`");
  constexpr absl::Duration kInterval = absl::Milliseconds(300);
  Start();
  const auto stream = NextSession({.heartbeat_interval = kInterval, .beats = false});
  // Something that is no heartbeat, so that the executor needs a timer of its own.
  v1::LeaseJobsResponse sign;
  sign.mutable_recorded();
  // A busy machine may hold the program up: of three stretches one has to be right. Who beats every
  // second interval has 5 frames in each.
  for (int tries = 0; tries < 3; ++tries) {
    const absl::Time begin = absl::Now();
    size_t frames = stream->Frames().size();
    const size_t before = frames;
    while (absl::Now() < begin + 10 * kInterval) {
      stream->Send(sign);
      stream->AwaitFrameAfter(frames++, absl::Seconds(5));
    }
    if (frames - before >= 9) return;
  }
  Break("10 frames in 10 intervals of 300 ms");
}

TEST_F(ABasicExecutor, RunsNoMoreHandlersAtOnceThanItsConcurrency) {
  Rule("Windows", "No more handlers run at once than the concurrency; the others wait");
  Start({.concurrency = 2});
  const auto stream = NextSession();
  stream->SendJobs({WaitJob("1"), WaitJob("2")});
  // The window lets in what waits for a slot, if the executor holds anything ready at all.
  const bool ready = stream->open().window().jobs() >= 4;
  if (ready) stream->SendJobs({WaitJob("3"), WaitJob("4")});
  AwaitBegun("1");
  AwaitBegun("2");
  LetEnd("2");
  stream->AwaitOutcome("t2");
  if (!ready) stream->SendJob(WaitJob("3"));
  AwaitBegun("3");
  Expect(!Begun("4"), "job 4 does not begin while jobs 1 and 3 run");
  LetEnd("1");
  stream->AwaitOutcome("t1");
  if (!ready) stream->SendJob(WaitJob("4"));
  AwaitBegun("4");
}

TEST_F(ABasicExecutor, NumbersItsFramesOfOutcomesFromOne) {
  Rule("Outcomes", "Frames of outcomes are numbered from 1 in each session");
  Start({.concurrency = 1, .prefetch = 0});
  const auto stream = NextSession();
  for (const int64_t sequence : {1, 2, 3}) {
    const std::string id = std::to_string(sequence);
    stream->SendJob({.id = id});
    stream->AwaitOutcome("t" + id);
    Expect(stream->SequenceOf("t" + id) == sequence, "the next outcome as #" + id);
  }
}

TEST_F(ABasicExecutor, IgnoresFramesAndFieldsThatItDoesNotKnow) {
  Rule("The session", "Unknown frames and fields are ignored");
  Start();
  const auto stream = NextSession();
  v1::LeaseJobsResponse unknown;
  unknown.GetReflection()->MutableUnknownFields(&unknown)->AddLengthDelimited(13, "of a later day");
  stream->Send(unknown);
  v1::LeaseJobsResponse more;
  more.mutable_heartbeat();
  more.GetReflection()->MutableUnknownFields(&more)->AddVarint(99, 7);
  stream->Send(more);
  stream->SendJob({.id = "1"});
  Expect(stream->AwaitOutcome("t1").has_complete(), "the outcome `complete` of a job after them");
}

TEST_F(ABasicExecutor, ConnectsAgainAfterItsStreamHasEnded) {
  Rule("Resuming", "A stream may end at any moment, for any reason: the executor connects again");
  Start();
  NextSession()->End(grpc::StatusCode::UNAVAILABLE);
  const auto stream = NextSession({.session = "session-2"});
  stream->SendJob({.id = "1"});
  Expect(stream->AwaitOutcome("t1").has_complete(), "the outcome `complete` on the new stream");
}

TEST_F(ABasicExecutor, EndsWithStatusOneWhenTheServerFindsItFaulty) {
  Rule("Resuming", "After INVALID_ARGUMENT it does not connect again: the program ends, with 1");
  Start();
  const auto stream = NextSession();
  stream->End(ErrorOf(grpc::StatusCode::INVALID_ARGUMENT, "PROTOCOL_BREACH"));
  Expect(AwaitExit().status == 1, "exit status 1");
  Expect(server_->NextStream(absl::ZeroDuration()) == nullptr, "no other stream");
}

}  // namespace
}  // namespace leasehold::conformance
