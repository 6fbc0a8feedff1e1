#include <string>

#include "tests/conformance/case.h"

// What a server asks for while jobs are leased.
namespace leasehold::conformance {
namespace {

class ALease : public Case {};

TEST_F(ALease, IsGivenBackWhenItIsRecalledUnlessItHasStarted) {
  Rule("Server frames",
       "`recall`: what has not started is given back by `release`, the rest runs on");
  Start({.concurrency = 1, .prefetch = 2});
  const auto stream = NextSession();
  stream->SendJobs({WaitJob("1"), WaitJob("2"), {.id = "3"}});
  AwaitBegun("1");
  stream->AwaitStarted("t1");
  stream->SendRecall({"t1", "t2"});
  stream->AwaitRelease("t2");
  LetEnd("1");
  Expect(stream->AwaitOutcome("t1").has_complete(),
         "the outcome `complete` of t1, which had begun");
  stream->AwaitOutcome("t3");
  Expect(!Begun("2"), "the handler of job 2 never begins");
  Expect(!Cancelled("1"), "the handler of job 1 is not cancelled");
}

TEST_F(ALease, IsNotReportedOnceItIsRevoked) {
  Rule("Server frames",
       "`revoke`: the lease is lost; its handler is cancelled, nothing is reported");
  Start({.concurrency = 1, .prefetch = 2});
  const auto stream = NextSession();
  stream->SendJobs({WaitJob("1"), WaitJob("2"), {.id = "3"}});
  AwaitBegun("1");
  stream->SendRevoke({"t1", "t2"});
  AwaitCancelled("1");
  stream->AwaitOutcome("t3");
  ExpectNoOutcome(*stream, "t1");
  ExpectNoOutcome(*stream, "t2");
  Expect(!Begun("2"), "the handler of job 2 never begins");
}

TEST_F(ALease, IsNotReportedOnceItIsRevokedThoughItsHandlerCompletes) {
  Rule("Server frames", "`revoke`: nothing is reported, however the handler ends");
  Start({.concurrency = 1});
  const auto stream = NextSession();
  const int64_t sequence = stream->SendJobs({WaitJob("1", "stubborn"), {.id = "2"}});
  AwaitBegun("1");
  stream->AwaitReceipt(sequence);
  stream->SendRevoke({"t1"});
  stream->AwaitReply();
  LetEnd("1");
  stream->AwaitOutcome("t2");
  ExpectNoOutcome(*stream, "t1");
  stream->End(grpc::StatusCode::UNAVAILABLE);
  Resume({});
}

TEST_F(ALease, IsReportedWhenItsRunIsCancelled) {
  Rule("Server frames", "`cancel`: the run is stopped, and an outcome is reported");
  Start({.concurrency = 1, .prefetch = 1});
  const auto stream = NextSession();
  stream->SendJobs({WaitJob("1"), WaitJob("2")});
  AwaitBegun("1");
  stream->SendCancel({"t1"});
  AwaitCancelled("1");
  stream->AwaitOutcome("t1");
  AwaitBegun("2");
  Expect(!Cancelled("2"), "the handler of job 2 is not cancelled");
  LetEnd("2");
  stream->AwaitOutcome("t2");
}

TEST_F(ALease, OfSomebodyElseIsNoMatter) {
  Rule("Server frames", "Tokens and sequences that the executor does not hold are passed over");
  Start();
  const auto stream = NextSession();
  stream->SendRecall({"of somebody"});
  stream->SendRevoke({"of somebody"});
  stream->SendCancel({"of somebody"});
  stream->SendRecorded(99);
  stream->SendJob({.id = "1"});
  Expect(stream->AwaitOutcome("t1").has_complete(), "the outcome `complete` of a job after them");
}

}  // namespace
}  // namespace leasehold::conformance
