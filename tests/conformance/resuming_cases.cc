#include <string>

#include "absl/time/clock.h"
#include "tests/conformance/case.h"
#include "tests/end_to_end/tcp_proxy.h"

// What an executor does when a stream has ended.
namespace leasehold::conformance {
namespace {

using grpc::StatusCode;

class ABrokenSession : public Case {
 protected:
  // A session with all that matters: t1 runs, t2 waits, t3 has ended and is not recorded. It beats
  // fast, so that the executor is patient for a second at most.
  std::shared_ptr<Stream> BusySession(const std::string& address = "") {
    Start({.concurrency = 1, .prefetch = 2, .address = address});
    auto stream = NextSession(Unrecorded());
    stream->SendJobs({{.id = "3"}, WaitJob("1"), WaitJob("2")});
    stream->AwaitOutcome("t3");
    stream->AwaitStarted("t1");
    AwaitBegun("1");
    return stream;
  }

  static Opened Unrecorded() {
    return {.heartbeat_interval = absl::Milliseconds(500), .records = false};
  }

  // They go on, and each is reported once.
  void ExpectAllToEnd(const std::shared_ptr<Stream>& stream) {
    Expect(!Cancelled("1"), "the handler of job 1 is not cancelled");
    LetEnd("1");
    LetEnd("2");
    for (const std::string token : {"t1", "t2", "t3"}) {
      Expect(stream->AwaitOutcome(token).has_complete(), "the outcome `complete` of " + token);
    }
    Expect(stream->SequenceOf("t3") == 1, "outcomes #1 again, with t3");
  }
};

TEST_F(ABrokenSession, GoesOnHoweverAnIdleStreamEnds) {
  Rule("Resuming", "However an idle stream ends, the session is resumed by its `session_id`");
  Start();
  auto stream = NextSession(Unrecorded());
  for (const StatusCode code : {StatusCode::UNAVAILABLE, StatusCode::CANCELLED,
                                StatusCode::INTERNAL, StatusCode::UNKNOWN, StatusCode::OK}) {
    stream->End(code);
    stream = Resume({}, Unrecorded());
  }
  stream->SendJob({.id = "1"});
  stream->AwaitOutcome("t1");
}

TEST_F(ABrokenSession, HoldsExactlyWhatStillMattersHoweverABusyStreamEnds) {
  Rule("Resuming", "`open` holds what runs, what waits and what is not recorded, and nothing else");
  auto stream = BusySession();
  for (const StatusCode code :
       {StatusCode::UNAVAILABLE, StatusCode::CANCELLED, StatusCode::INTERNAL}) {
    stream->End(code);
    stream = Resume({"t1", "t2", "t3"}, Unrecorded());
  }
  ExpectAllToEnd(stream);
}

TEST_F(ABrokenSession, GoesOnWhenTheConnectionIsReset) {
  Rule("Resuming", "A connection that is reset ends no session and no handler");
  testing::TcpProxy proxy(server_->address());
  const auto stream = BusySession(proxy.address());
  proxy.Reset();
  ExpectAllToEnd(Resume({"t1", "t2", "t3"}, Unrecorded()));
}

TEST_F(ABrokenSession, GoesOnWhenTheServerIsGoneForAWhile) {
  Rule("Resuming", "A server that is gone and comes back ends no session and no handler");
  BusySession();
  server_->Stop();
  Expect(running(), "the program runs on");
  server_->Start();
  ExpectAllToEnd(Resume({"t1", "t2", "t3"}, Unrecorded()));
}

TEST_F(ABrokenSession, SurvivesServersThatRefuseIt) {
  Rule("Resuming", "A stream that ends before `opened` costs nothing: the next one holds the same");
  BusySession()->End(StatusCode::UNAVAILABLE);
  for (const StatusCode code : {StatusCode::UNAVAILABLE, StatusCode::INTERNAL, StatusCode::OK}) {
    const auto refused = NextStream();
    ExpectHeld(*refused, {"t1", "t2", "t3"});
    refused->End(code);
  }
  ExpectAllToEnd(Resume({"t1", "t2", "t3"}, Unrecorded()));
}

TEST_F(ABrokenSession, BeginsNoHandlerUntilTheServerSaysWhatGoesOn) {
  Rule("Resuming", "No handler begins until `opened` has said which leases go on");
  BusySession();
  server_->Stop();
  LetEnd("1");
  server_->Start();
  auto stream = NextStream();
  ExpectHeld(*stream, {"t1", "t2", "t3"});
  stream->Answer({.resumed = true, .resumed_tokens = {"t1", "t3"}, .lost_tokens = {"t2"}});
  stream->AwaitOutcome("t1");
  stream->SendJob({.id = "4"});
  stream->AwaitOutcome("t4");
  Expect(!Begun("2"), "the handler of job 2, whose lease is lost, never begins");
  ExpectNoOutcome(*stream, "t2");
}

TEST_F(ABrokenSession, NamesAgainWhatRuns) {
  Rule("Resuming", "On a new stream `started` names again what runs: another leader may lead");
  BusySession()->End(StatusCode::UNAVAILABLE);
  const auto stream = Resume({"t1", "t2", "t3"}, Unrecorded());
  stream->AwaitStarted("t1");
  Expect(!stream->Started("t2"), "t2, which waits, is not named");
}

TEST_F(ABrokenSession, LosesTheLeasesThatTheServerNames) {
  Rule("Resuming", "The handlers of lost leases are cancelled and not reported; the others go on");
  Start({.concurrency = 2});
  auto stream = NextSession();
  stream->SendJobs({WaitJob("1"), WaitJob("2")});
  AwaitBegun("1");
  AwaitBegun("2");
  stream->End(StatusCode::UNAVAILABLE);
  stream = Resume({"t1", "t2"}, {.resumed_tokens = {"t2"}, .lost_tokens = {"t1"}});
  AwaitCancelled("1");
  Expect(!Cancelled("2"), "the handler of job 2 is not cancelled");
  LetEnd("2");
  Expect(stream->AwaitOutcome("t2").has_complete(), "the outcome `complete` of t2");
  stream->SendJob({.id = "3"});
  stream->AwaitOutcome("t3");
  ExpectNoOutcome(*stream, "t1");
}

TEST_F(ABrokenSession, LosesEverythingWhenTheServerDoesNotKnowIt) {
  Rule("Resuming", "`resumed` false: a new session; handlers are cancelled and not reported");
  auto stream = BusySession();
  stream->End(StatusCode::UNAVAILABLE);
  stream = NextSession({.session = "session-2"});
  AwaitCancelled("1");
  stream->SendJob({.id = "4"});
  Expect(stream->AwaitOutcome("t4").has_complete(), "the outcome `complete` of a new job");
  ExpectNoOutcome(*stream, "t1");
  ExpectNoOutcome(*stream, "t2");
  Expect(!Begun("2"), "the handler of job 2, whose lease is lost, never begins");
  stream->End(StatusCode::UNAVAILABLE);
  Expect(NextStream()->open().session_id() == "session-2",
         "the new session is resumed from now on");
}

TEST_F(ABrokenSession, RunsNoLeaseTwiceThatIsDeliveredAgain) {
  Rule("Resuming", "A lease that it holds and that comes again on a new stream is not run twice");
  auto stream = BusySession();
  stream->End(StatusCode::UNAVAILABLE);
  stream = Resume({"t1", "t2", "t3"}, Unrecorded());
  stream->AwaitOutcome("t3");
  ForgetBegun("1");
  const int64_t sequence = stream->SendJobs({WaitJob("1"), WaitJob("3")});
  stream->AwaitReceipt(sequence);
  LetEnd("1");
  AwaitBegun("2");
  LetEnd("2");
  stream->AwaitOutcome("t2");
  stream->SendJob({.id = "4"});
  stream->AwaitOutcome("t4");
  Expect(!Begun("1"), "the handler of job 1 does not begin again");
  Expect(!Begun("3"), "job 3, whose outcome is not recorded yet, does not run again");
}

TEST_F(ABrokenSession, IsANewOneAfterAborted) {
  Rule("Resuming", "ABORTED: another stream has the session; a new one is opened");
  Start();
  auto stream = NextSession();
  stream->SendJob(WaitJob("1"));
  AwaitBegun("1");
  stream->End(ErrorOf(StatusCode::ABORTED, "SESSION_RESUMED"));
  stream = NextStream();
  Expect(stream->open().session_id().empty(), "`open` without a session_id");
  stream->Answer({.session = "session-2"});
  AwaitCancelled("1");
  stream->SendJob({.id = "2"});
  stream->AwaitOutcome("t2");
  ExpectNoOutcome(*stream, "t1");
}

TEST_F(ABrokenSession, WaitsAsRetryInfoSays) {
  Rule("Statuses", "RetryInfo is waited for before the next stream");
  Start();
  auto stream = NextSession();
  for (const StatusCode code : {StatusCode::RESOURCE_EXHAUSTED, StatusCode::UNAVAILABLE}) {
    const absl::Time ended = absl::Now();
    stream->End(ErrorOf(code, "SERVER_FULL", /*retry_milliseconds=*/700));
    stream = Resume({});
    Expect(stream->Frames().front().at - ended >= absl::Milliseconds(695),
           "the next `open` not before 700 ms have passed");
  }
}

TEST_F(ABrokenSession, IsNotTriedInAHotLoop) {
  Rule("Resuming", "Streams that end at once are followed by others with jitter, not at once");
  Start();
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 6; ++i) NextStream()->End(StatusCode::UNAVAILABLE);
  NextSession();
  // Drawn from 0.1 to 3.2 s, the waits come to 3 s on average.
  Expect(absl::Now() - begin > absl::Milliseconds(100), "six waits, of more than 100 ms in all");
}

}  // namespace
}  // namespace leasehold::conformance
