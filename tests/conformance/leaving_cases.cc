#include <signal.h>

#include <string>

#include "tests/conformance/case.h"

// How an executor ends.
namespace leasehold::conformance {
namespace {

class ALeavingExecutor : public Case {};

TEST_F(ALeavingExecutor, SaysSoAndClosesItsStream) {
  Rule("Leaving", "SIGTERM: window 0, `drain`, the stream is closed, exit status 0");
  Start();
  const auto stream = NextSession();
  stream->AwaitReply();  // it has read `opened`
  Signal(SIGTERM);
  stream->AwaitWindow(0);
  stream->AwaitDrain();
  stream->AwaitClosed();
  Expect(AwaitExit() == testing::Exit{}, "exit status 0");
}

TEST_F(ALeavingExecutor, GivesBackWhatHasNotStarted) {
  Rule("Leaving", "What has not started is given back by `release`, also what comes meanwhile");
  Start({.concurrency = 1, .prefetch = 2});
  const auto stream = NextSession();
  stream->SendJobs({WaitJob("1", "stubborn"), WaitJob("2"), WaitJob("3")});
  AwaitBegun("1");
  Signal(SIGTERM);
  stream->AwaitRelease("t2");
  stream->AwaitRelease("t3");
  stream->SendJob(WaitJob("4"));
  stream->AwaitRelease("t4");
  LetEnd("1");
  Expect(stream->AwaitOutcome("t1").has_complete(),
         "the outcome `complete` of t1, which had begun");
  Expect(AwaitExit() == testing::Exit{}, "exit status 0");
  Expect(!Begun("2") && !Begun("3") && !Begun("4"), "no other handler begins");
}

TEST_F(ALeavingExecutor, WaitsUntilItsOutcomesAreRecorded) {
  Rule("Leaving", "It waits for `recorded` before it closes the stream");
  Start();
  const auto stream = NextSession({.records = false});
  stream->SendJob(WaitJob("1", "stubborn"));
  AwaitBegun("1");
  Signal(SIGTERM);
  stream->AwaitWindow(0);
  LetEnd("1");
  stream->AwaitOutcome("t1");
  stream->AwaitReply();
  Expect(!stream->closed() && running(), "the stream stays open");
  stream->SendRecorded(stream->SequenceOf("t1"));
  stream->AwaitClosed();
  Expect(AwaitExit() == testing::Exit{}, "exit status 0");
}

TEST_F(ALeavingExecutor, GivesBackWhatTheGracePeriodInterrupts) {
  Rule("Leaving", "After the grace period what still runs is reported as `release` with a delay");
  Start({.grace_milliseconds = 300});
  const auto stream = NextSession();
  stream->SendJob(WaitJob("1", "stubborn"));
  AwaitBegun("1");
  Signal(SIGTERM);
  const v1::Outcome outcome = stream->AwaitOutcome("t1");
  Expect(outcome.has_release(), "the outcome `release`");
  Expect(outcome.release().delay().seconds() > 0, "a delay, so that it is not run at once");
  stream->AwaitClosed();
  AwaitExit();
}

TEST_F(ALeavingExecutor, ResumesItsSessionToReport) {
  Rule("Leaving", "A stream that ends while it leaves is resumed, with window 0");
  Start();
  auto stream = NextSession();
  stream->SendJob(WaitJob("1", "stubborn"));
  AwaitBegun("1");
  Signal(SIGTERM);
  stream->AwaitWindow(0);
  stream->End(grpc::StatusCode::UNAVAILABLE);
  stream = Resume({"t1"});
  Expect(stream->open().window().jobs() == 0, "a window of 0 jobs");
  LetEnd("1");
  stream->AwaitOutcome("t1");
  stream->AwaitClosed();
  Expect(AwaitExit() == testing::Exit{}, "exit status 0");
}

TEST_F(ALeavingExecutor, EndsThoughNoServerIsThere) {
  Rule("Leaving", "With nothing to report it ends though no server is there, with 0");
  Start();
  NextSession()->AwaitReply();
  server_->Stop();
  Signal(SIGTERM);
  Expect(AwaitExit() == testing::Exit{}, "exit status 0");
}

TEST_F(ALeavingExecutor, EndsInOnceModeWhenNothingIsLeft) {
  Rule("Server frames", "In once-mode `open` says `once`, and `idle` ends the program, with 0");
  Start({.once = true});
  const auto stream = NextSession();
  Expect(stream->open().once(), "`once`");
  stream->SendJob({.id = "1"});
  stream->AwaitOutcome("t1");
  Expect(running(), "the program waits for `idle`");
  stream->SendIdle();
  stream->AwaitClosed();
  Expect(AwaitExit() == testing::Exit{}, "exit status 0");
}

}  // namespace
}  // namespace leasehold::conformance
